import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, type Mailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { fakeTime, pass, send, standby, stateOf, times } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function warnings(): string[] {
  return vi.mocked(process.emitWarning).mock.calls.map(([text]) => String(text));
}

function mailerWith(...script: Outcome[]) {
  const primary = memoryProvider({ name: "primary", script });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
  return { mailer, primary };
}

/** Down, and three probes that fail: one outage. */
async function outage(mailer: Mailer<"primary" | "standby">) {
  await send(mailer);
  for (let probes = 0; probes < 3; probes += 1) {
    await pass(300_000);
    await send(mailer);
  }
  expect(stateOf(mailer, "primary")).toBe("down");
}

describe("where nobody listens to provider:down, the process is warned once per outage", () => {
  it("once, however many probes fail in it", async () => {
    const { mailer } = mailerWith(...times(4, "suspended"));

    await outage(mailer);

    expect(warnings()).toHaveLength(1);
  });

  it("the warning says which provider, why, and what to listen to", async () => {
    const { mailer } = mailerWith({ reason: "authentication", detail: "The key has expired" });

    await send(mailer);

    expect(warnings()[0]).toContain('"primary"');
    expect(warnings()[0]).toContain("authentication");
    expect(warnings()[0]).toContain("The key has expired");
    expect(warnings()[0]).toContain("provider:down");
  });

  it("again for the next outage", async () => {
    const { mailer, primary } = mailerWith(...times(4, "suspended"));
    await outage(mailer);
    await pass(300_000);
    await send(mailer);
    expect(stateOf(mailer, "primary")).toBe("recovering");

    primary.script("suspended");
    await send(mailer);

    expect(warnings()).toHaveLength(2);
  });

  it("for each provider by itself", async () => {
    const first = memoryProvider({ name: "first", script: ["suspended"] });
    const second = memoryProvider({ name: "second", script: ["quota"] });
    const mailer = createMailer({ providers: [first, second, standby()] });

    await send(mailer);

    expect(warnings().map((text) => /"(first|second)"/.exec(text)?.[1])).toEqual(["first", "second"]);
  });

  it("not where somebody listens, by on or once", async () => {
    for (const method of ["on", "once"] as const) {
      const { mailer } = mailerWith(...times(4, "suspended"));
      mailer[method]("provider:down", () => {});

      await outage(mailer);
    }

    expect(warnings()).toEqual([]);
  });

  it("listeners to other events do not count: not of provider:degraded, and not of provider:changed", async () => {
    for (const event of ["provider:degraded", "provider:changed", "all-down", "failed"] as const) {
      vi.mocked(process.emitWarning).mockClear();
      const { mailer } = mailerWith("suspended");
      mailer.on(event, () => {});

      await send(mailer);

      expect(warnings(), event).toHaveLength(1);
    }
  });

  it("a listener that was taken away does not count", async () => {
    const { mailer } = mailerWith("suspended");
    const listener = () => {};
    mailer.on("provider:down", listener);
    mailer.off("provider:down", listener);

    await send(mailer);

    expect(warnings()).toHaveLength(1);
  });

  it("no warning for what is not down: degraded, throttled, isolated", async () => {
    const { mailer } = mailerWith("unavailable", ...times(4, "accepted"), "throttled");
    for (let sent = 0; sent < 6; sent += 1) await send(mailer);
    mailer.isolate("primary");

    expect(warnings()).toEqual([]);
  });
});

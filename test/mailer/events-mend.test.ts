import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { recorded } from "./events-support.ts";
import { fakeTime, letter, sendMany, standby, start } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function mailerWith(...script: Outcome[]) {
  const primary = memoryProvider({
    name: "primary",
    script,
    unsupported: ({ sendAt }) => (sendAt ? ["sendAt"] : []),
  });
  return createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
}

describe("the event warning: something that somebody should mend, told once", () => {
  it("a message shape that excludes a configured provider", async () => {
    const mailer = mailerWith();
    const events = recorded(mailer);

    for (let sent = 0; sent < 5; sent += 1) await mailer.send({ ...letter, sendAt: new Date(start) });
    await mailer.send(letter);

    const warnings = events.filter(({ name }) => name === "warning");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.event).toMatchObject({ code: "excluded", provider: "primary", fields: ["sendAt"] });
  });

  it("an adapter that fails by itself", async () => {
    const mailer = mailerWith("internal", "internal");
    const events = recorded(mailer);

    await sendMany(mailer, 2);

    const warnings = events.filter(({ name }) => name === "warning");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.event).toMatchObject({ code: "adapter", provider: "primary" });
    expect(process.emitWarning).not.toHaveBeenCalled();
  });

  it("where nobody listens to it, the process is warned once of an adapter that fails by itself", async () => {
    await sendMany(mailerWith("internal", "internal"), 2);

    expect(process.emitWarning).toHaveBeenCalledTimes(1);
    expect(process.emitWarning).toHaveBeenCalledWith(expect.stringContaining("primary"), expect.anything());
  });
});

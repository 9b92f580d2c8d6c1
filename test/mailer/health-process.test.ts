import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import CircuitBreaker from "opossum";
import { describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  fakeTime,
  healthOf,
  pass,
  resultOf,
  send,
  sendMany,
  settled,
  standby,
  stateOf,
  times,
} from "./health-support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const head = `
  import { createMailer } from "./src/index.ts";
  import { memoryProvider } from "./src/testing/memory-provider.ts";
  const letter = { from: "orders@example.com", to: "ada@example.org", subject: "Your order", text: "On its way." };
`;

/** Runs a program to its own end; rejects if it exits with anything but 0, or has to be killed. */
function run(program: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", head + program], {
    cwd: root,
    timeout: 15_000,
  });
}

describe.concurrent("the process", () => {
  it("ends by itself after one send, without close()", async () => {
    const { stdout, stderr } = await run(`
      const mailer = createMailer({ providers: [memoryProvider()] });
      const receipt = await mailer.send(letter);
      console.log(receipt.provider);
    `);

    expect(stdout).toBe("memory\n");
    expect(stderr).toBe("");
  });

  it("ends by itself while a provider is down and another is throttled", async () => {
    const { stdout } = await run(`
      const ill = memoryProvider({ name: "ill", script: ["suspended"] });
      const busy = memoryProvider({ name: "busy", script: [{ reason: "throttled", retryAfter: 3_600_000 }] });
      const mailer = createMailer({ providers: [ill, busy, memoryProvider()] });
      mailer.on("provider:down", () => {});
      const receipt = await mailer.send(letter);
      console.log(receipt.provider, mailer.health().map(({ state }) => state).join());
    `);

    expect(stdout).toBe("memory down,healthy,healthy\n");
  });

  it("that awaits nothing but one send during a throttle gets its answer", async () => {
    const { stdout } = await run(`
      const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 300 }] });
      const mailer = createMailer({ providers: [provider] });
      const receipt = await mailer.send(letter);
      console.log(receipt.attempts.map(({ outcome }) => outcome).join());
    `);

    expect(stdout).toBe("not-sent,accepted\n");
  });

  it("that awaits nothing but a send which backs off between its rounds gets its answer", async () => {
    const { stdout } = await run(`
      const provider = memoryProvider({ script: ["unavailable", "unavailable"] });
      const mailer = createMailer({ providers: [provider], retry: { minDelay: 50, maxDelay: 50 } });
      const receipt = await mailer.send(letter);
      console.log(receipt.attempts.map(({ outcome }) => outcome).join());
    `);

    expect(stdout).toBe("not-sent,not-sent,accepted\n");
  });

  it("that awaits nothing but a send whose adapter never answers gets its error, and then ends", async () => {
    const { stdout } = await run(`
      const dead = { name: "dead", unsupported: () => [], send: () => new Promise(() => {}) };
      const mailer = createMailer({ providers: [dead], timeout: 200 });
      const error = await mailer.send(letter).catch((error) => error);
      console.log(error.kind);
    `);

    expect(stdout).toBe("unknown\n");
  });

  it("ends after close()", async () => {
    const { stdout } = await run(`
      const mailer = createMailer({ providers: [memoryProvider({ script: ["suspended"] })], retry: { maxRounds: 1 } });
      mailer.on("provider:down", () => {});
      await mailer.send(letter).catch(() => {});
      await mailer.close();
      console.log("closed");
    `);

    expect(stdout).toBe("closed\n");
  });

  it("is not warned of a leak when very many sends wait at the same time", async () => {
    const { stdout, stderr } = await run(`
      const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 200 }], latency: 5 });
      const mailer = createMailer({ providers: [provider] });
      await Promise.all([mailer.send(letter), new Promise((done) => setTimeout(done, 20))
        .then(() => Promise.all(Array.from({ length: 500 }, () => mailer.send(letter))))]);
      console.log(provider.inbox.length);
    `);

    expect(stdout).toBe("501\n");
    expect(stderr).toBe("");
  });

  it("is not warned of a leak when very many sends share one signal", async () => {
    const { stdout, stderr } = await run(`
      const mailer = createMailer({ providers: [memoryProvider({ latency: 50 })] });
      const { signal } = new AbortController();
      const receipts = await Promise.all(Array.from({ length: 500 }, () => mailer.send(letter, { signal })));
      console.log(receipts.length);
    `);

    expect(stdout).toBe("500\n");
    expect(stderr).toBe("");
  });
});

describe("timers", () => {
  it("none is left after sends that were accepted, failed over, backed off, timed out or probed", async () => {
    fakeTime();
    const primary = memoryProvider({
      name: "primary",
      script: ["accepted", "unavailable", "hang", { reason: "throttled", retryAfter: 1_000 }, "suspended", "accepted"],
    });
    const mailer = createMailer({ providers: [primary, standby()] });
    for (let sent = 0; sent < 6; sent += 1) {
      const sending = send(mailer);
      await pass(15_000);
      expect((await sending).ok).toBe(true);
    }
    expect(stateOf(mailer, "primary")).toBe("recovering");

    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("none is left after close(), although a provider is down", async () => {
    fakeTime();
    const primary = memoryProvider({ name: "primary", script: ["suspended"] });
    const mailer = createMailer({ providers: [primary, standby()] });
    await send(mailer);

    await mailer.close();

    expect(stateOf(mailer, "primary")).toBe("down");
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("creating a mailer sets none", () => {
    fakeTime();

    createMailer({ providers: [standby()] });

    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});

describe("the circuit breaker underneath", () => {
  /** The breakers that were fired while the work ran. */
  async function breakersDuring(work: () => Promise<unknown>): Promise<CircuitBreaker[]> {
    const fired = vi.spyOn(CircuitBreaker.prototype, "fire");
    await work();
    return [...new Set(fired.mock.contexts)].filter((breaker) => breaker instanceof CircuitBreaker);
  }

  it("is used, one for each provider", async () => {
    const primary = memoryProvider({ name: "primary", script: ["unavailable"] });
    const mailer = createMailer({ providers: [primary, standby()] });

    const breakers = await breakersDuring(() => sendMany(mailer, 3));

    expect(breakers.map(({ name }) => name)).toEqual(["primary", "standby"]);
  });

  it("keeps no record of each attempt: what it holds is bounded however much is sent", async () => {
    const mailer = createMailer({ providers: [standby()] });

    const breakers = await breakersDuring(() => sendMany(mailer, 5_000));

    const held = breakers.flatMap(({ status }) => status.window.flatMap(({ latencyTimes }) => latencyTimes));
    expect(held.length).toBeLessThan(2_500);
  });

  it("is open while a provider is down, and lets one attempt alone through as its probe", async () => {
    fakeTime();
    const primary = memoryProvider({ name: "primary", script: ["suspended", { accepted: true, after: 100 }] });
    const mailer = createMailer({ providers: [primary, standby()] });
    const [breaker] = await breakersDuring(() => send(mailer));
    expect(breaker?.opened).toBe(true);
    await pass(15_000);

    const probing = send(mailer);
    await settled();
    expect(breaker?.opened).toBe(true);
    await pass(100);

    expect(resultOf(await probing)).toBe("primary");
    expect(breaker?.closed).toBe(true);
    vi.useRealTimers();
  });

  it("has no rule of its own: it stays closed whatever fails, as long as the provider is not down", async () => {
    const primary = memoryProvider({ name: "primary", script: times(200, "unavailable") });
    const mailer = createMailer({
      providers: [primary, standby()],
      breaker: { failureRate: 1, consecutiveFailures: 1_000, degradedRate: 1 },
    });

    const breakers = await breakersDuring(() => sendMany(mailer, 200));

    expect(primary.attempts).toBe(200);
    expect(breakers.map(({ closed }) => closed)).toEqual([true, true]);
    expect(healthOf(mailer, "primary").failureRate).toBe(1);
  });
});

import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, failureInPhase, type MailerWarning, type Provider, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, pass } from "../mailer/health-support.ts";
import { adapter, letter } from "../mailer/support.ts";

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

function warming<const N extends string>(name: N, warm: NonNullable<Provider["warm"]>): Provider<N> {
  return { ...adapter(name, {}), warm };
}

describe("Warming", () => {
  it("calls every provider at the same time, standbys too, and says that each is ready", async () => {
    const warmed: string[] = [];
    const mailer = createMailer({
      providers: [
        [warming("a", async () => void warmed.push("a")), warming("b", async () => void warmed.push("b"))],
        warming("c", async () => void warmed.push("c")),
      ],
    });

    expect(await mailer.warm()).toEqual([
      { provider: "a", ready: true, duration: 0 },
      { provider: "b", ready: true, duration: 0 },
      { provider: "c", ready: true, duration: 0 },
    ]);
    expect(warmed).toEqual(["a", "b", "c"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("loads an adapter that has nothing more to warm, and takes one as ready that has nothing to load", async () => {
    const load = vi.fn(async () => {});
    const mailer = createMailer({ providers: [adapter("own", { load }), memoryProvider()] });

    expect(await mailer.warm()).toMatchObject([
      { provider: "own", ready: true },
      { provider: "memory", ready: true },
    ]);
    expect(load).toHaveBeenCalled();
  });

  it("names what one provider lacks, and warns of it once, while the others are ready", async () => {
    const detail = "@acme/mail is not installed: npm install @acme/mail";
    const fault = new ProviderError(failureInPhase("internal", "no", { detail }));
    const mailer = createMailer({ providers: [memoryProvider(), warming("acme", () => Promise.reject(fault))] });
    const warnings: MailerWarning[] = [];
    mailer.on("warning", (warning) => warnings.push(warning));

    const results = await mailer.warm();
    await mailer.warm();

    expect(results).toEqual([
      { provider: "memory", ready: true, duration: 0 },
      {
        provider: "acme",
        ready: false,
        duration: 0,
        failure: { reason: "internal", scope: "none", sent: "no", detail },
      },
    ]);
    expect(warnings).toEqual([
      { code: "not-ready", provider: "acme", message: `acme is not ready to send: internal: ${detail}` },
    ]);
    expect(process.emitWarning).not.toHaveBeenCalled();
  });

  it("warns the process where nobody listens", async () => {
    const fault = new ProviderError(failureInPhase("internal", "no", { code: "EWHAT" }));
    const mailer = createMailer({ providers: [warming("acme", () => Promise.reject(fault))] });

    await mailer.warm();
    await mailer.warm();

    expect(process.emitWarning).toHaveBeenCalledExactlyOnceWith("acme is not ready to send: internal: EWHAT", {
      code: "STEADYMAIL_NOT_READY",
    });
  });

  it("changes nothing of the health of a provider that is not ready", async () => {
    const mailer = createMailer({ providers: [warming("a", () => Promise.reject(new Error("no")))] });
    for (let time = 0; time < 10; time += 1) await mailer.warm();

    expect(mailer.health()).toMatchObject([{ state: "healthy", failureRate: 0, inFlight: 0 }]);
    expect(mailer.health()[0]).not.toHaveProperty("lastFailure");
  });

  it("ends within its time limit whatever an adapter does, and says that nothing was sent", async () => {
    const mailer = createMailer({ providers: [warming("stuck", never), memoryProvider()] });
    const results = mailer.warm({ timeout: 2_000 });
    await pass(2_005);

    expect(await results).toMatchObject([
      { provider: "stuck", ready: false, failure: { reason: "timeout", sent: "no" } },
      { provider: "memory", ready: true },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives an adapter 10 s by default, and tells it when they are over", async () => {
    const signals: AbortSignal[] = [];
    const limits: number[] = [];
    const mailer = createMailer({
      providers: [
        warming("stuck", ({ signal, timeout }) => {
          signals.push(signal);
          limits.push(timeout);
          return never();
        }),
      ],
    });
    const results = mailer.warm();
    await pass(9_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await pass(5);

    expect(limits).toEqual([10_000]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await results).toMatchObject([{ ready: false }]);
  });

  it.each(["the caller's signal", "the end of the mailer"])("ends with %s", async (end) => {
    const mailer = createMailer({ providers: [warming("stuck", never)] });
    const caller = new AbortController();
    const results = mailer.warm({ signal: caller.signal });
    await pass(10);

    if (end === "the end of the mailer") await mailer.close();
    else caller.abort();
    await pass(5);

    expect(await results).toMatchObject([
      { provider: "stuck", ready: false, failure: { reason: "aborted", sent: "no" } },
    ]);
    expect(process.emitWarning).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("asks nobody where its signal was aborted before, or the mailer is closed", async () => {
    const warm = vi.fn(never);
    const mailer = createMailer({ providers: [warming("a", warm)] });
    const results = mailer.warm({ signal: AbortSignal.abort() });
    await pass(5);
    expect(await results).toMatchObject([{ ready: false }]);
    await mailer.close();
    const later = mailer.warm();
    await pass(5);

    expect(await later).toMatchObject([{ ready: false, failure: { reason: "aborted" } }]);
    expect(warm).not.toHaveBeenCalled();
  });

  it("leaves no listener at the caller's signal", async () => {
    const caller = new AbortController();
    const mailer = createMailer({ providers: [warming("a", async () => {}), memoryProvider()] });

    await mailer.warm({ signal: caller.signal });

    expect(getEventListeners(caller.signal, "abort")).toEqual([]);
  });

  it("says of an adapter that has nothing to warm, and cannot be loaded, that it is not ready", async () => {
    const load = () => Promise.reject(new Error("it is not there"));
    const mailer = createMailer({ providers: [adapter("own", { load })] });

    expect(await mailer.warm()).toMatchObject([
      { ready: false, failure: { reason: "internal", detail: "Error: it is not there", sent: "no" } },
    ]);
  });

  it("does not stand in the way of a send", async () => {
    const mailer = createMailer({ providers: [warming("stuck", never)] });
    const results = mailer.warm({ timeout: 1_000 });

    expect(await mailer.send(letter)).toMatchObject({ provider: "stuck" });
    await pass(1_005);
    await results;
  });

  it.each([
    [null, "warm: options must be an object"],
    [{ timeout: 0 }, "warm: options.timeout must be milliseconds above 0"],
    [{ signal: {} }, "warm: options.signal must be an AbortSignal"],
    [{ only: ["a"] }, "warm: options.only is no option; there are timeout, signal"],
  ])("rejects with the options %o", async (options, words) => {
    const mailer = createMailer({ providers: [memoryProvider()] });
    await expect(Reflect.apply(mailer.warm, mailer, [options])).rejects.toThrow(words);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Check,
  createMailer,
  failure,
  failureInPhase,
  type Provider,
  ProviderError,
  type VerifyQuestion,
} from "../../src/index.ts";
import { fakeTime, pass } from "../mailer/health-support.ts";
import { adapter } from "../mailer/support.ts";

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

const good = (of: Check["of"]): Check => ({ of, verdict: "good", finding: `The ${of} is as it should be.` });
const all: readonly Check[] = [good("credentials"), good("account"), good("sender")];

function asking<const N extends string>(name: N, verify: NonNullable<Provider["verify"]>): Provider<N> {
  return { ...adapter(name, {}), verify };
}

describe("Verifying", () => {
  it("asks every provider at the same time, and gives one result each in their order", async () => {
    const bad: Check = { ...good("account"), verdict: "bad", advice: "Pay the bill." };
    const open: Check = { ...good("sender"), verdict: "unknown" };
    const mailer = createMailer({
      providers: [
        asking("well", async () => all),
        [
          asking("ill", async () => [good("credentials"), bad, open]),
          asking("silent", async () => [...all.slice(1), open]),
        ],
      ],
    });

    expect(await mailer.verify()).toEqual([
      { provider: "well", verdict: "good", checks: all, duration: 0 },
      { provider: "ill", verdict: "bad", checks: [good("credentials"), bad, open], duration: 0 },
      { provider: "silent", verdict: "unknown", checks: [...all.slice(1), open], duration: 0 },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("asks about the sender of each route: its own, or that of the options, or that of the defaults", async () => {
    const senders: unknown[] = [];
    const ask = async ({ sender }: VerifyQuestion) => {
      senders.push(sender);
      return all;
    };
    const mailer = createMailer({
      providers: [
        asking("a", ask),
        { provider: asking("b", ask), from: "Other <other@example.net>" },
        { provider: asking("c", ask), from: ({ address }) => `Via C <${address}>` },
      ],
      defaults: { from: "Shop <orders@example.com>" },
    });

    await mailer.verify();
    await mailer.verify({ from: "news@example.org" });

    expect(senders).toEqual([
      { name: "Shop", address: "orders@example.com" },
      { name: "Other", address: "other@example.net" },
      { name: "Via C", address: "orders@example.com" },
      { address: "news@example.org" },
      { name: "Other", address: "other@example.net" },
      { name: "Via C", address: "news@example.org" },
    ]);
  });

  it("asks about no sender where none is known", async () => {
    const senders: unknown[] = [];
    const mailer = createMailer({
      providers: [
        asking("a", async ({ sender }) => {
          senders.push(sender);
          return all;
        }),
      ],
    });
    await mailer.verify();
    expect(senders).toEqual([undefined]);
  });

  it("calls a route bad whose own from() has no sender, and still asks the rest", async () => {
    const mailer = createMailer({
      providers: [
        {
          provider: asking("a", async () => all),
          from: () => {
            throw new Error("no sender for orders@example.com");
          },
        },
      ],
      defaults: { from: "orders@example.com" },
    });

    const [result] = await mailer.verify();

    expect(result).toMatchObject({
      verdict: "bad",
      checks: [{ of: "credentials" }, { of: "account" }, { of: "sender" }],
    });
    expect(result?.checks[2]).toMatchObject({ verdict: "bad", finding: expect.stringContaining("from()") });
    expect(JSON.stringify(result)).not.toContain("example.com");
  });

  it("calls a provider bad whose package is missing, and names the package", async () => {
    const detail = "@acme/mail is not installed: npm install @acme/mail";
    const fault = new ProviderError(failureInPhase("internal", "no", { detail }));
    const mailer = createMailer({ providers: [asking("acme", () => Promise.reject(fault))] });

    expect(await mailer.verify()).toMatchObject([
      {
        verdict: "bad",
        checks: [
          {
            of: "adapter",
            verdict: "bad",
            finding: `The adapter cannot be used: ${detail}.`,
            advice: expect.any(String),
            failure: { sent: "no" },
          },
        ],
      },
    ]);
  });

  it.each([
    ["cannot be reached", new ProviderError(failure("unreachable", { code: "ECONNREFUSED" })), "unreachable"],
    ["fails by itself", new Error("what now, ada@example.org?"), "internal"],
  ])("does not know of a provider that %s, and says what to do", async (_, fault, reason) => {
    const mailer = createMailer({
      providers: [asking("a", () => Promise.reject(fault)), asking("b", async () => all)],
    });

    const [a, b] = await mailer.verify();

    expect(a).toMatchObject({ provider: "a", verdict: "unknown" });
    expect(a?.checks.map(({ of, verdict }) => [of, verdict])).toEqual([
      ["credentials", "unknown"],
      ["account", "unknown"],
      ["sender", "unknown"],
    ]);
    for (const check of a?.checks ?? []) {
      expect(check).toMatchObject({ advice: expect.stringContaining("network"), failure: { reason, sent: "no" } });
    }
    expect(JSON.stringify(a)).not.toContain("ada@");
    expect(b).toMatchObject({ provider: "b", verdict: "good" });
  });

  it("says where it got no answer from", async () => {
    const fault = new ProviderError(failure("unreachable", { detail: "no connection to api.example.com" }));
    const mailer = createMailer({ providers: [asking("a", () => Promise.reject(fault))] });

    const [a] = await mailer.verify();

    expect(a?.checks[0]?.finding).toBe("It gave no answer (unreachable: no connection to api.example.com).");
  });

  it("does not call a provider bad whose package took too long to load", async () => {
    const mailer = createMailer({ providers: [{ ...asking("slow", async () => all), load: never }] });
    const results = mailer.verify({ timeout: 1_000 });
    await pass(1_005);

    expect(await results).toMatchObject([
      {
        verdict: "unknown",
        checks: [{ of: "credentials", failure: { detail: "The adapter was not loaded in time", sent: "no" } }, {}, {}],
      },
    ]);
  });

  it.each([undefined, null, "good"])(
    "does not know of a provider whose adapter answers with %o, and still asks the others",
    async (answer) => {
      const rogue = { ...adapter("rogue", {}), verify: () => Promise.resolve(answer) };
      const providers = [rogue, asking("well", async () => all)];
      const mailer = Reflect.apply(createMailer, undefined, [{ providers }]);

      expect(await mailer.verify()).toMatchObject([
        { provider: "rogue", verdict: "unknown" },
        { provider: "well", verdict: "good" },
      ]);
    },
  );

  it("keeps what an adapter knows when its time is up", async () => {
    const known = [good("credentials"), { ...good("account"), verdict: "unknown" } as const];
    const mailer = createMailer({
      providers: [
        asking("slow", ({ signal }) => new Promise((tell) => signal.addEventListener("abort", () => tell(known)))),
      ],
    });
    const results = mailer.verify({ timeout: 1_000 });
    await pass(1_005);

    expect(await results).toMatchObject([{ verdict: "unknown", checks: known }]);
  });

  it("asks nobody once the mailer is closed, and does not blame the network for that", async () => {
    const verify = vi.fn(async () => all);
    const mailer = createMailer({ providers: [asking("a", verify)] });
    await mailer.close();

    const [result] = await mailer.verify();

    expect(verify).not.toHaveBeenCalled();
    expect(result).toMatchObject({ verdict: "unknown", checks: [{ failure: { reason: "aborted" } }, {}, {}] });
    for (const { advice } of result?.checks ?? []) expect(advice).toMatch(/closed/);
  });

  it("is given up when the mailer closes", async () => {
    const mailer = createMailer({ providers: [asking("stuck", never)] });
    const results = mailer.verify();
    await pass(10);
    await mailer.close();
    await pass(5);

    expect(await results).toMatchObject([{ verdict: "unknown", checks: [{ failure: { reason: "aborted" } }, {}, {}] }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not know of a provider that has no way to be asked", async () => {
    const mailer = createMailer({ providers: [adapter("own", {})] });
    expect(await mailer.verify()).toMatchObject([
      {
        provider: "own",
        verdict: "unknown",
        checks: [{ verdict: "unknown", finding: expect.stringContaining("no way") }],
      },
    ]);
  });

  it("does not call a provider good that says nothing", async () => {
    const mailer = createMailer({ providers: [asking("mute", async () => [])] });
    expect(await mailer.verify()).toMatchObject([{ verdict: "unknown", checks: [] }]);
  });

  it("ends within its time limit, and changes nothing of anybody's health", async () => {
    const mailer = createMailer({ providers: [asking("stuck", never)] });
    const results = mailer.verify({ timeout: 3_000 });
    await pass(3_005);

    expect(await results).toMatchObject([{ verdict: "unknown", checks: [{ failure: { reason: "timeout" } }, {}, {}] }]);
    expect(mailer.health()).toMatchObject([{ state: "healthy", failureRate: 0, inFlight: 0 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [null, "verify: options must be an object"],
    [{ timeout: -1 }, "verify: options.timeout must be milliseconds above 0"],
    [{ signal: 1 }, "verify: options.signal must be an AbortSignal"],
    [{ from: "nobody at all" }, "verify: options.from is no sender"],
    [{ sender: "a@example.org" }, "verify: options.sender is no option; there are from, timeout, signal"],
  ])("rejects with the options %o", async (options, words) => {
    const mailer = createMailer({ providers: [asking("a", async () => all)] });
    await expect(Reflect.apply(mailer.verify, mailer, [options])).rejects.toThrow(words);
  });
});

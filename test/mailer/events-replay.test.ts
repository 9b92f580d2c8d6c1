import * as fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, type Mailer, type ProviderChange, type ProviderHealth, type Reason } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { fakeTime, pass, send } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

type Name = "first" | "second" | "third";

/** What a dashboard knows that hears nothing but `provider:changed`. */
class Replay {
  state: ProviderHealth["state"] = "healthy";
  isolated = false;
  throttled = false;
  /** Changes that do not fit what was heard before. */
  readonly misfits: string[] = [];

  hear({ from, to }: ProviderChange): void {
    if (to === "isolated" || from === "isolated") {
      if (this.isolated !== (from === "isolated")) this.misfits.push(`${from} → ${to}`);
      this.isolated = to === "isolated";
    } else if (to === "throttled" || from === "throttled") {
      if (this.throttled !== (from === "throttled")) this.misfits.push(`${from} → ${to}`);
      this.throttled = to === "throttled";
    } else {
      if (this.state !== from) this.misfits.push(`${from} → ${to}`);
      this.state = to;
    }
  }
}

const allowed: Readonly<Record<ProviderHealth["state"], readonly ProviderHealth["state"][]>> = {
  healthy: ["degraded", "down"],
  degraded: ["healthy", "down"],
  down: ["probing"],
  probing: ["recovering", "down"],
  recovering: ["healthy", "degraded", "down"],
};

const reasons: readonly Reason[] = ["unavailable", "timeout", "invalid", "rejected", "throttled", "quota", "internal"];
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Outcome>("accepted") },
  { weight: 3, arbitrary: fc.constantFrom<Outcome>(...reasons) },
  fc.record({ reason: fc.constant<Reason>("throttled"), retryAfter: fc.integer({ min: 0, max: 40_000 }) }),
  fc.record({ accepted: fc.constant<true>(true), after: fc.integer({ min: 1, max: 20_000 }) }),
);
const provider = fc.constantFrom<Name>("first", "second", "third");
const step = fc.oneof(
  fc.record({ do: fc.constant("send" as const), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ do: fc.constant("pass" as const), time: fc.integer({ min: 1, max: 40_000 }) }),
  fc.record({ do: fc.constant("isolate" as const), provider }),
  fc.record({ do: fc.constant("restore" as const) }),
  fc.record({
    do: fc.constant("script" as const),
    provider,
    outcomes: fc.array(outcome, { minLength: 1, maxLength: 8 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Takes the steps, and checks after each. */
async function live(steps: readonly Step[], check: (mailer: Mailer<Name>) => void, begun: (m: Mailer<Name>) => void) {
  const providers = {
    first: memoryProvider({ name: "first" }),
    second: memoryProvider({ name: "second" }),
    third: memoryProvider({ name: "third" }),
  };
  const mailer = createMailer({ providers: [[providers.first, providers.second], providers.third] });
  begun(mailer);
  const handles: Disposable[] = [];
  const sending: Promise<unknown>[] = [];
  for (const each of steps) {
    if (each.do === "send") for (let sent = 0; sent < each.count; sent += 1) sending.push(send(mailer));
    else if (each.do === "isolate") handles.push(mailer.isolate(each.provider));
    else if (each.do === "restore") handles.shift()?.[Symbol.dispose]();
    else if (each.do === "script") providers[each.provider].script(...each.outcomes);
    await pass(each.do === "pass" ? each.time : 1);
    check(mailer);
  }
  await pass(60_000);
  await Promise.all(sending);
  check(mailer);
  await mailer.close();
}

describe("provider:changed", () => {
  it("replayed gives the state, the isolation and the throttle that health() tells, at any time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const replays = { first: new Replay(), second: new Replay(), third: new Replay() };
        await live(
          steps,
          (mailer) => {
            for (const { provider: name, state, isolated, throttledUntil } of mailer.health()) {
              const { misfits, ...told } = replays[name];
              expect(told).toEqual({ state, isolated, throttled: throttledUntil !== undefined });
              expect(misfits).toEqual([]);
            }
          },
          (mailer) => mailer.on("provider:changed", (change) => replays[change.provider].hear(change)),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("goes by the arrows of the state table alone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const wrong: string[] = [];
        await live(
          steps,
          () => {},
          (mailer) =>
            mailer.on("provider:changed", ({ from, to }) => {
              if (from === "isolated" || from === "throttled" || to === "isolated" || to === "throttled") return;
              if (!allowed[from].includes(to)) wrong.push(`${from} → ${to}`);
            }),
        );
        expect(wrong).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("all-down holds exactly while every provider is down, probing or isolated", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        let allDown = false;
        const repeated: string[] = [];
        await live(
          steps,
          (mailer) => {
            const out = mailer
              .health()
              .map(({ state, isolated }) => isolated || state === "down" || state === "probing");
            expect(allDown).toBe(out.every(Boolean));
          },
          (mailer) => {
            mailer.on("all-down", () => {
              if (allDown) repeated.push("all-down");
              allDown = true;
            });
            mailer.on("all-down:over", () => {
              if (!allDown) repeated.push("all-down:over");
              allDown = false;
            });
          },
        );
        expect(repeated).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("after any life no provider is stuck: when all work again, each is healthy in the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const script = new Map<Name, Outcome[]>();
        let over = false;
        const names: Name[] = ["first", "second", "third"];
        const providers = names.map((name) =>
          memoryProvider({ name, script: () => (over ? "accepted" : (script.get(name)?.shift() ?? "accepted")) }),
        );
        const mailer = createMailer({ providers });
        const sending: Promise<unknown>[] = [];
        for (const each of steps) {
          if (each.do === "send") for (let sent = 0; sent < each.count; sent += 1) sending.push(send(mailer));
          if (each.do === "script") script.set(each.provider, [...each.outcomes]);
          await pass(each.do === "pass" ? each.time : 1);
        }
        await pass(60_000);
        await Promise.all(sending);
        over = true;

        for (let minute = 0; minute < 12; minute += 1) {
          const trials = names.map((name) => send(mailer, { only: [name] }));
          await pass(60_000);
          await Promise.all(trials);
        }

        expect(mailer.health().map(({ state, throttledUntil }) => ({ state, throttledUntil }))).toEqual(
          names.map(() => ({ state: "healthy", throttledUntil: undefined })),
        );
        await mailer.close();
      }),
      { numRuns: 100 },
    );
  });
});

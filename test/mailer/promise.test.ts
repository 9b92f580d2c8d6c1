import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { createMailer, isSteadyMailError, type Reason } from "../../src/index.ts";
import { type MemoryProvider, memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { elapse, letter, silenceWarnings, steps, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

const names = ["a", "b", "c", "d"] as const;

function copiesOf(id: string, providers: readonly MemoryProvider[]): number {
  return providers.flatMap(({ inbox }) => inbox).filter((stored) => stored.id === id).length;
}

/** Any way in which an attempt can end, quickly or slowly. */
const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Outcome>("accepted") },
  fc.constant<Outcome>("hang"),
  fc.record({ accepted: fc.constant(true as const), after: fc.integer({ min: 1, max: 12_000 }) }),
  fc.record({
    reason: fc.constantFrom<Reason>("response-lost", "timeout", "bad-response", "server-error", "internal"),
    after: fc.integer({ min: 1, max: 9_000 }),
    delivered: fc.boolean(),
    reusedConnection: fc.boolean(),
  }),
  fc.record({
    reason: fc.constantFrom<Reason>(
      "rejected",
      "invalid",
      "too-large",
      "not-found",
      "authentication",
      "quota",
      "unreachable",
      "unavailable",
    ),
    after: fc.integer({ min: 1, max: 2_000 }),
  }),
  fc.record({
    reason: fc.constant<Reason>("throttled"),
    after: fc.constant(1),
    retryAfter: fc.integer({ min: 1, max: 40_000 }),
  }),
);

const sends = fc.record({
  pause: fc.integer({ min: 0, max: 20_000 }),
  onUnknown: fc.constantFrom("failover" as const, "stop" as const),
  deadline: fc.constantFrom(500, 5_000, 30_000),
  abortAfter: fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined }),
});

test("Whatever the providers do, what the caller is told is true", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(outcomes, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      fc.array(sends, { minLength: 1, maxLength: 15 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      async (scripts, plan, randoms) => {
        vi.spyOn(Math, "random").mockImplementation(() => randoms.next().value);
        const providers = scripts.map((script, index) => memoryProvider({ name: names[index] ?? "x", script }));
        const mailer = createMailer<string>({ providers });

        const told = plan.map(async ({ pause, onUnknown, deadline, abortAfter }, index) => {
          await new Promise((resolve) => setTimeout(resolve, pause));
          const caller = new AbortController();
          if (abortAfter !== undefined) setTimeout(() => caller.abort(), abortAfter);
          const began = Date.now();
          const id = `m-${index}`;
          try {
            const { duplicate, attempts } = await mailer.send(letter, {
              id,
              onUnknown,
              deadline,
              signal: caller.signal,
            });
            return { id, onUnknown, outcome: "accepted", duplicate, attempts, late: Date.now() - began - deadline };
          } catch (error) {
            if (!isSteadyMailError(error)) throw error;
            const { sent, attempts } = error;
            return { id, onUnknown, outcome: error.kind, sent, attempts, late: Date.now() - began - deadline };
          }
        });
        await elapse(20_000 + 30_000 + 1_000);

        for (const { id, onUnknown, outcome, duplicate, sent, attempts, late } of await Promise.all(told)) {
          const copies = copiesOf(id, providers);
          const possible = attempts.filter((attempt) => attempt.outcome === "unknown").map(({ provider }) => provider);
          expect(late).toBeLessThanOrEqual(5);
          expect(possible.length).toBeLessThanOrEqual(onUnknown === "stop" ? 1 : 2);
          expect(new Set(possible).size).toBe(possible.length);
          if (outcome === "accepted") {
            expect(copies).toBeGreaterThanOrEqual(1);
            expect(copies).toBeLessThanOrEqual(2);
            expect(duplicate).toBe(possible.length > 0 ? "possible" : "no");
            if (copies > 1) expect(duplicate).toBe("possible");
            if (onUnknown === "stop") expect(copies).toBe(1);
          } else {
            expect(copies).toBeLessThanOrEqual(onUnknown === "stop" ? 1 : 2);
            expect(sent).toBe(possible.length > 0 ? "maybe" : "no");
            if (copies > 0) expect(sent).toBe("maybe");
          }
        }
        expect(mailer.health().every(({ inFlight, queued }) => inFlight === 0 && queued === 0)).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

test("A message that some healthy provider would take is sent, whatever the others do", {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(outcomes, { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 8 }),
      async (scripts, messages) => {
        const others = scripts.map((script, index) => memoryProvider({ name: names[index] ?? "x", script }));
        const mailer = createMailer<string>({ providers: [...others, memoryProvider({ name: "well" })] });

        for (let sent = 0; sent < messages; sent += 1) {
          const sending = watch(mailer.send(letter, { deadline: 120_000 }));
          await elapse(60_000);
          const reasons = sending.accepted ? [] : steps(sending.error).map((step) => step.split(" ")[1]);
          // Only a refusal of the message itself, or two attempts that may have been sent, end it before.
          const unknowns = sending.accepted
            ? 0
            : sending.error.attempts.filter((each) => each.outcome === "unknown").length;
          const excuse =
            reasons.includes("rejected") ||
            reasons.filter((reason) => reason === "invalid").length === 2 ||
            unknowns === 2;
          expect(sending.accepted || excuse).toBe(true);
        }
      },
    ),
    { numRuns: 150 },
  );
});

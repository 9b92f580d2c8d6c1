import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/index.ts";
import type { EspName, Fault } from "../../src/testing/index.ts";
import { letter, silenceWarnings, steps } from "../mailer/support.ts";
import { stopTime } from "../wire/harness.ts";
import { adapterOf, openMailer } from "./support/esps.ts";
import { copies, letters, mayBeDuplicate, pairs, startPair } from "./support/pairs.ts";
import { errorOf, type JudgedReason, whileTimePasses } from "./support/verdicts.ts";

silenceWarnings();

/** Time passes only where there is a time limit to wait for, and then slowly. */
const stalling: readonly Fault["kind"][] = ["accept-then-stall", "stall", "stall-body", "slow"];
const millisecondsPerTurn = 20;

interface Row {
  readonly fault: Fault;
  /** How the first attempt may end. */
  readonly reasons: readonly JudgedReason[];
}

const rows: readonly Row[] = [
  { fault: { kind: "refuse" }, reasons: ["unreachable"] },
  { fault: { kind: "reset-on-accept" }, reasons: ["unreachable", "response-lost"] },
  { fault: { kind: "reset-after-request" }, reasons: ["response-lost"] },
  { fault: { kind: "accept-then-reset" }, reasons: ["response-lost"] },
  { fault: { kind: "accept-then-stall" }, reasons: ["timeout"] },
  { fault: { kind: "stall" }, reasons: ["timeout"] },
  { fault: { kind: "stall-body" }, reasons: ["timeout"] },
  { fault: { kind: "slow", ms: 60_000 }, reasons: ["timeout"] },
  { fault: { kind: "truncate" }, reasons: ["response-lost"] },
  { fault: { kind: "html-200" }, reasons: ["bad-response"] },
  { fault: { kind: "empty-200" }, reasons: ["bad-response"] },
  { fault: { kind: "status", status: 500 }, reasons: ["server-error"] },
  { fault: { kind: "status", status: 503 }, reasons: ["server-error"] },
  { fault: { kind: "status", status: 503, headers: { "retry-after": "9" } }, reasons: ["unavailable"] },
  { fault: { kind: "status", status: 307, headers: { location: "http://127.0.0.1:1/" } }, reasons: ["unavailable"] },
  { fault: { kind: "status", status: 413 }, reasons: ["too-large"] },
  { fault: { kind: "status", status: 422 }, reasons: ["invalid"] },
  { fault: { kind: "throttle" }, reasons: ["throttled"] },
  { fault: { kind: "throttle", retryAfter: 60_000 }, reasons: ["throttled"] },
  { fault: { kind: "unauthorized" }, reasons: ["authentication"] },
  { fault: { kind: "suspended" }, reasons: ["suspended"] },
  { fault: { kind: "sender-unverified" }, reasons: ["sender"] },
  { fault: { kind: "quota" }, reasons: ["quota"] },
];

describe.each(pairs)("%s broken, %s well", (first, second) => {
  async function start(fault: Fault) {
    const [broken, well] = await startPair(first, second);
    const mailer = openMailer({ providers: [adapterOf(broken), adapterOf(well)] });
    // A message before the outage, so that there are used connections.
    expect(await mailer.send(letter)).toMatchObject({ provider: first });
    await broken.fault(fault);
    stopTime();
    const ended = <T>(sending: Promise<T>): Promise<T> =>
      whileTimePasses(sending, stalling.includes(fault.kind) ? millisecondsPerTurn : 0);
    return { broken, well, mailer, ended };
  }

  it.each(rows)("$fault: every message arrives, and twice only where the receipt says so", async (row) => {
    const { broken, well, mailer, ended } = await start(row.fault);

    const receipts: Receipt<EspName>[] = [await ended(mailer.send(letter))];
    receipts.push(...(await ended(Promise.all(letters(10).map((message) => mailer.send(message))))));
    for (const message of letters(3)) receipts.push(await ended(mailer.send(message)));

    expect(row.reasons.map((reason) => [`${first} ${reason}`, `${second} accepted`])).toContainEqual(
      receipts[0] && steps(receipts[0]),
    );
    for (const receipt of receipts) {
      expect(receipt.provider).toBe(second);
      expect(receipt.duplicate).toBe(mayBeDuplicate(receipt) ? "possible" : "no");
      expect(copies(receipt.id, well)).toBe(1);
      // What the mailer cannot know is known here: a second copy is never without a word.
      if (receipt.duplicate === "no") expect(copies(receipt.id, broken)).toBe(0);
      expect(copies(receipt.id, broken)).toBeLessThanOrEqual(1);
    }
    // All that arrived was sent by somebody: the one message before the outage, and these.
    const ids = new Set(receipts.map(({ id }) => id));
    expect(well.inbox.filter(({ steadymailId }) => !ids.has(steadymailId ?? ""))).toEqual([]);
    expect(broken.inbox.filter(({ steadymailId }) => !ids.has(steadymailId ?? ""))).toHaveLength(1);
  });

  it.each(rows)("$fault with onUnknown “stop”: every message arrives at most once", async (row) => {
    const { broken, well, mailer, ended } = await start(row.fault);

    const outcomes = await ended(
      Promise.allSettled(
        letters(10).map((message, index) => mailer.send(message, { onUnknown: "stop", id: `send-${index}` })),
      ),
    );

    for (const [index, outcome] of outcomes.entries()) {
      const arrived = copies(`send-${index}`, broken, well);
      if (outcome.status === "fulfilled") {
        expect(outcome.value).toMatchObject({ provider: second, duplicate: "no" });
        expect(arrived).toBe(1);
      } else {
        expect(outcome.reason).toMatchObject({ kind: "unknown", sent: "maybe" });
        expect(copies(`send-${index}`, well)).toBe(0);
        expect(arrived).toBeLessThanOrEqual(1);
      }
    }
  });

  it("reject-message: SES alone refuses by its policy, and what it says is final", async () => {
    const { broken, well, mailer, ended } = await start({ kind: "reject-message" });
    const sending = ended(mailer.send(letter, { id: "send-1" }));
    if (first === "ses") {
      const error = await errorOf(sending);
      expect(error).toMatchObject({ kind: "rejected", sent: "no", retryable: false });
      expect(steps(error)).toEqual(["ses rejected"]);
    } else {
      expect(steps(await sending)).toEqual([`${first} invalid`, `${second} accepted`]);
    }
    expect([copies("send-1", broken), copies("send-1", well)]).toEqual([0, first === "ses" ? 0 : 1]);
  });

  it("reject-message at both: where two agree that it is invalid, it is rejected", async () => {
    const { well, mailer, ended } = await start({ kind: "reject-message" });
    await well.fault({ kind: "reject-message" });
    const error = await ended(errorOf(mailer.send(letter)));
    expect(error).toMatchObject({ kind: "rejected", sent: "no" });
    expect(error.attempts.length).toBe(first === "ses" ? 1 : 2);
  });
});

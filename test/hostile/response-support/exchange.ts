import { inspect } from "node:util";
import { expect } from "vitest";
import { createMailer, isSteadyMailError, type Receipt } from "../../../src/index.ts";
import type { EspName } from "../../../src/testing/index.ts";
import { failureWith, onlyFailure } from "../../contract/support/verdicts.ts";
import { espNamed } from "../../providers/esps.ts";
import { type Answer, type RawServer, startRawServer } from "../../wire/raw-server.ts";
import type { Expectation } from "./oracle.ts";
import { limit, settleAll } from "./settling.ts";
import { letter, secretsOf } from "./words.ts";

/** One message to one ESP, whose answer is hostile. */
export interface Encounter {
  readonly esp: EspName;
  readonly expected: Expectation;
  /** What the server does with the request. */
  readonly deliver: Answer;
  /** For whoever reads of a failure. */
  readonly describe: () => string;
}

/**
 * Has all these encounters at once, each with a mailer and a server of its own, and looks at how each ended. Time must
 * stand still: it passes only when no byte moves any more.
 */
export async function meet(encounters: readonly Encounter[]): Promise<void> {
  const servers = await Promise.all(encounters.map(({ deliver }) => startRawServer({ answer: deliver })));
  const providers = encounters.map(({ esp }, i) => espNamed(esp).create(servers[i]?.url.origin ?? ""));
  // Time passes when no byte moves, and none does while an SDK is loaded.
  await Promise.all(providers.map((provider) => provider.load?.()));
  const mailers = providers.map((provider) =>
    createMailer({
      providers: [provider],
      retry: { maxRounds: 1 },
      timeout: limit,
      deadline: 2 * limit,
    }),
  );
  const outcomes = await settleAll(
    mailers.map((mailer) => mailer.send(letter)),
    servers,
  );
  const faults = encounters.flatMap((encounter, i) => faultOf(encounter, outcomes[i], servers[i]));
  await Promise.all([...mailers.map((mailer) => mailer.close()), ...servers.map((server) => server.close())]);
  if (faults.length > 0)
    throw new Error(`${faults.length} of ${encounters.length} ended wrongly:\n\n${faults.slice(0, 3).join("\n\n")}`);
  expect(Object.keys(Object.prototype)).toEqual([]);
}

function faultOf(
  { esp, expected, describe }: Encounter,
  outcome: PromiseSettledResult<Receipt> | undefined,
  server: RawServer | undefined,
): readonly string[] {
  try {
    if (!outcome || !server) throw new Error("there was no encounter");
    expectOutcome(esp, outcome, expected);
    expect(server.requests, "requests that the server saw").toHaveLength(1);
    expect(server.tcp, "connections that the server saw").toHaveLength(1);
    return [];
  } catch (error) {
    return [
      `${esp}, expected ${inspect(expected)}: ${error instanceof Error ? error.message : inspect(error)}\n${describe()}`,
    ];
  }
}

export function expectOutcome(esp: EspName, outcome: PromiseSettledResult<Receipt>, expected: Expectation): void {
  if (outcome.status === "fulfilled") expectReceipt(outcome.value, expected);
  else expectFailure(esp, outcome.reason, expected);
}

function expectReceipt(receipt: Receipt, { verdicts, id }: Expectation): void {
  expect(verdicts).toContain("accepted");
  if (id !== undefined) expect(receipt.providerMessageId).toBe(id);
  expect(receipt.attempts).toHaveLength(1);
  expect(receipt.attempts[0]).toMatchObject({ outcome: "accepted", providerMessageId: receipt.providerMessageId });
  expect(receipt.providerMessageId).toSatisfy(isFitForLogs);
  expect(receipt.providerMessageId.length).toBeLessThanOrEqual(longestId);
}

/** An id may be as long as a line in a mail, in which a Message-ID must have its place. */
const longestId = 998;
const longestDetail = 301;
const longestWait = 86_400_000;

function expectFailure(esp: EspName, error: unknown, { verdicts, reasons, isTorn = false }: Expectation): void {
  if (!isSteadyMailError(error)) throw new Error("it failed without the library's own error", { cause: error });
  const failure = onlyFailure(error);
  const { reason, detail = "", code = "", retryAfter = 0 } = failure;
  if (reason === "internal" || reason === "aborted") throw new Error(`not classified: ${inspect(failure)}`);
  expect(failure).toMatchObject(failureWith(reason));
  expect(verdicts, inspect(failure)).toContain(failure.sent);
  if (reasons) expect(reasons, inspect(failure)).toContain(reason);
  expect(Number.isInteger(retryAfter) && retryAfter >= 0 && retryAfter <= longestWait, `retryAfter ${retryAfter}`).toBe(
    true,
  );
  for (const text of [detail, code]) {
    expect(text.length).toBeLessThanOrEqual(longestDetail);
    expect(text).toSatisfy(isFitForLogs);
  }
  expect(error.message).toSatisfy(isFitForLogs);
  if (!isTorn)
    expectNone(secretsOf(esp), [error.message, detail, code, JSON.stringify(error), inspect(error, { depth: 9 })]);
  expect(inspect(error, { depth: 9 }).length).toBeLessThan(10_000);
}

/** Whether it is one line that changes nothing of the terminal or of the direction of what stands beside it. */
function isFitForLogs(text: string): boolean {
  return !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text);
}

/** So much of a secret's beginning gives it away. */
const telling = 12;

function expectNone(secrets: readonly string[], texts: readonly string[]): void {
  const all = texts.join("\n").toLowerCase();
  for (const secret of secrets) {
    const beginning = secret.slice(0, telling).toLowerCase();
    if (all.includes(beginning))
      throw new Error(`“${beginning}…” leaks: ${all.slice(Math.max(0, all.indexOf(beginning) - 100)).slice(0, 200)}`);
  }
}

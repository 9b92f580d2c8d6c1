import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { isSteadyMailError, type Receipt } from "../../../src/index.ts";
import type { EspName, ReceivedMessage } from "../../../src/testing/index.ts";
import { arrivalIn } from "../../contract/support/features.ts";
import { arrivalAt, inOneOrder } from "./arrivals.ts";
import { isPath, isPlainWords } from "./evidence.ts";
import { covers, type Faults } from "./faults.ts";
import type { Letter } from "./letter.ts";
import { refusalsOf } from "./limits.ts";

/** The places of what is read from elsewhere, and may be given up half-way when something else ends the reading. */
const contentPath = /^(?:text|html|size|attachments\[\d+\]\.(?:content|path))$/;

/** More are counted, not listed. */
const mostProblems = 100;

/** An error that blames each place that is at fault, by its path, and no other. */
export function compareRefusal(error: unknown, { expected, possible }: Faults, endless: boolean): void {
  expect(error).toMatchObject({ name: "InvalidMessageError", sent: "no", retryable: false, attempts: [] });
  const problems = isSteadyMailError(error) && error.kind === "invalid" ? error.problems : [];
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(mostProblems + 1);
  expect(problems.filter(({ path, message }) => !isPath(path) || !isPlainWords(message))).toEqual([]);

  const paths = problems.map(({ path }) => path);
  const isGivenUp = (path: string) => (endless || expected.includes("size")) && contentPath.test(path);
  const unforeseen = paths.filter(
    (path) => ![...expected, ...possible].some((fault) => covers(fault, path)) && !isGivenUp(path),
  );
  const isCut = problems.length > mostProblems;
  expect(unforeseen).toEqual(isCut ? ["message"] : []);
  const known = new Set(paths);
  const missed = expected.filter((fault) => !known.has(fault) && !paths.some((path) => covers(fault, path)));
  if (!isCut) expect(missed.filter((fault) => !isGivenUp(fault))).toEqual([]);
}

/** An error that names the fields which this ESP cannot carry. */
export function compareUnsupported(error: unknown, letter: Letter, name: EspName): void {
  expect(error).toMatchObject({ kind: "unsupported", sent: "no", retryable: false, attempts: [] });
  const missing = isSteadyMailError(error) && error.kind === "unsupported" ? error.missing : [];
  expect(missing.length).toBeGreaterThan(0);
  const { must, may } = refusalsOf(letter, name);
  expect(missing.filter((field) => !must.has(field) && !may.has(field))).toEqual([]);
  expect([...must].filter((field) => !missing.includes(field))).toEqual([]);
}

/** One message, which is the letter: nothing is missing, nothing is other, nothing was added. */
export function compareArrival(
  received: readonly ReceivedMessage[],
  receipt: Receipt,
  letter: Letter,
  name: EspName,
  open: readonly string[],
): void {
  expect([...refusalsOf(letter, name).must]).toEqual([]);
  expect(receipt).toMatchObject({ provider: name, duplicate: "no", dropped: [], skipped: [] });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ id: receipt.providerMessageId, steadymailId: receipt.id });
  const left = letter.providerOptions === "strange" ? [...open, ...fieldsOfOptions] : open;
  const arrived = without(inOneOrder(arrivalIn(received[0])), left);
  const expected = without(arrivalAt(name, letter), left);
  // A thousand times faster than to look for the difference, where there is none.
  if (!isDeepStrictEqual(arrived, expected)) expect(arrived).toEqual(expected);
}

/** What options for one ESP may change: all but who gets the mail. */
const fieldsOfOptions = [
  ..."from replyTo subject text html attachments headers tags metadata template tracking sendAt".split(" "),
];

function without(arrival: object, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(arrival).filter(([field]) => !fields.includes(field)));
}

import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { createMailer, isSteadyMailError, type Mailer, type Receipt } from "../../src/index.ts";
import type { EspName } from "../../src/testing/index.ts";
import { adapterOf, espNames, useEsps } from "../contract/support/esps.ts";
import { arrivalIn, letterAt } from "../contract/support/features.ts";
import { Crashes } from "./message-support/crashes.ts";
import { leaks } from "./message-support/evidence.ts";
import { shares } from "./message-support/family.ts";
import { type Given, sendOptions } from "./message-support/send-options.ts";
import { canary, oddWord } from "./message-support/texts.ts";

const esps = await useEsps();
const crashes = new Crashes();
const mailer: Mailer<EspName> = createMailer({ providers: espNames.map((name) => adapterOf(esps[name])) });
afterAll(() => mailer.close());

const counts = { accepted: 0, refused: 0, ended: 0, invalid: 0 };

const letter = { from: "Shop <orders@example.com>", to: "ada@example.org" };

/** A subject, and a text that may turn out not to be one. */
const messages = fc.tuple(oddWord, fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)));

/** Who may carry the message by all the options together; undefined where it never comes so far. */
function allowedBy(effects: NonNullable<Given["effects"]>): readonly EspName[] {
  return espNames.filter((name) =>
    effects.every(({ only = espNames, ends }) => only.includes(name) && ends === undefined),
  );
}

async function judge(subject: string, isText: boolean, given: Given): Promise<void> {
  for (const name of espNames) esps[name].clear();
  const text: Promise<string> = isText ? Promise.resolve("Thank you.") : Promise.reject(new Error(canary));
  const sending: Promise<Receipt<EspName>> = Reflect.apply(mailer.send, mailer, [
    { ...letter, subject, text },
    given.make(),
  ]);
  const ending = await sending.then(
    (receipt) => ({ receipt }),
    (error: unknown) => ({ error }),
  );
  await setImmediate();
  await setImmediate();
  expect(crashes.taken()).toEqual([]);
  if ("receipt" in ending) compareReceipt(ending.receipt, subject, isText, given);
  else compareError(ending.error, isText, given);
}

function compareReceipt(receipt: Receipt<EspName>, subject: string, isText: boolean, { effects }: Given): void {
  expect({ effects, isText }).toEqual({ effects: expect.any(Array), isText: true });
  const name = receipt.provider;
  expect(allowedBy(effects ?? [])).toContain(name);
  expect(leaks(receipt)).toBe(false);
  const id = effects?.find((effect) => effect.id !== undefined)?.id ?? receipt.id;
  expect(receipt).toMatchObject({ id, duplicate: "no", dropped: [] });
  expect(esps[name].inbox).toMatchObject([{ steadymailId: id, id: receipt.providerMessageId }]);
  expect(arrivalIn(esps[name].inbox[0])).toEqual({ ...letterAt(name), subject, text: "Thank you." });
  expect(espNames.filter((each) => esps[each].requests > 0)).toEqual([name]);
  counts.accepted += 1;
}

function compareError(error: unknown, isText: boolean, { effects }: Given): void {
  expect(espNames.filter((name) => esps[name].requests > 0)).toEqual([]);
  if (effects === undefined) {
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    // It says which option, in one line that can be logged.
    expect(String(Object(error).message).slice(0, 600)).toMatch(/^options\b[^\p{Cc}\p{Cf}\p{Cs}]{1,500}$/u);
    counts.refused += 1;
    return;
  }
  const kinds = ["aborted", "unavailable"].filter((kind) => effects.some(({ ends }) => ends === kind));
  if (allowedBy(effects).length === 0) kinds.push("unavailable");
  if (!isText) kinds.push("invalid");
  expect(kinds).toContain(isSteadyMailError(error) ? error.kind : error);
  expect(error).toMatchObject({ sent: "no", attempts: [] });
  const { cause: _, ...told } = Object(error);
  expect(leaks([told, String(error)])).toBe(false);
  if (kinds.includes("invalid")) counts.invalid += 1;
  else counts.ended += 1;
}

it(`${shares.options} messages with hostile options are sent by whom the options allow, or refused by the option's name`, {
  timeout: 300_000,
}, async () => {
  let sends = 0;
  const property = fc.asyncProperty(messages, sendOptions, async ([subject, isText], given) => {
    sends += 1;
    await judge(subject, isText, given);
  });
  await fc.assert(property, { numRuns: shares.options, timeout: 30_000 });
  expect(sends).toBe(shares.options);
  expect(counts.accepted / sends).toBeGreaterThan(0.2);
  expect(counts.refused / sends).toBeGreaterThan(0.2);
});

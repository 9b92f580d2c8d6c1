import type { Reason } from "../../../src/index.ts";
import type { EspName } from "../../../src/testing/index.ts";
import { type HostileAnswer, isBodiless, valuesOf } from "./answer.ts";
import { isText, type Json, objectIn, recordsIn } from "./json.ts";
import { reasonsIn, type Statement, statementIn } from "./statements.ts";

/** What may be said of a message after an answer: that it was taken, that it was not, or that nobody knows. */
export type Verdict = "accepted" | "no" | "maybe";

export interface Expectation {
  /** More than one where the answer contradicts itself, or is odd in a way that the ESP's documentation leaves open. */
  readonly verdicts: readonly Verdict[];
  /** The only id that an acceptance may carry. */
  readonly id?: string;
  /** The only reasons that a failure may have. */
  readonly reasons?: readonly Reason[];
  /** The server has torn apart what it repeats, so that nobody could know it again. */
  readonly isTorn?: boolean;
}

/** What is longer is no ESP's, which answer with some hundreds of bytes. */
const longestAnswer = 1_048_576;

/** What is true of a message after this answer, by what the ESP's documentation and HTTP say; nothing here is of the adapters. */
export function expectationOf(esp: EspName, answer: HostileAnswer): Expectation {
  return { ...meaningOf(esp, answer), ...(answer.isWhole ? {} : { isTorn: true }) };
}

function meaningOf(esp: EspName, answer: HostileAnswer): Expectation {
  const body = isBodiless(answer.status) ? Buffer.alloc(0) : answer.body;
  const seen = { ...answer, body };
  if (body.length > longestAnswer) return { verdicts: ["maybe"], reasons: ["bad-response"] };
  const json = objectIn(body);
  return acceptance(esp, seen, json) ?? failure(seen, statementIn(esp, seen, json), esp);
}

const statusOfReceipt: Readonly<Record<EspName, readonly number[]>> = {
  ses: [200],
  sendgrid: [202],
  mailgun: [200],
  mailjet: [200, 201],
};

function acceptance(esp: EspName, answer: HostileAnswer, body: Json | undefined): Expectation | undefined {
  if (!statusOfReceipt[esp].includes(answer.status)) return undefined;
  const ids = idsIn(esp, answer, body);
  if (ids.length === 0) return undefined;
  const [id] = ids;
  if (esp === "mailgun" && isAtWrongAddress(body?.message)) return { verdicts: ["accepted", "no", "maybe"] };
  if (ids.length > 1 || id === undefined || !isPlainId(esp, id)) return { verdicts: ["accepted", "maybe"] };
  return { verdicts: isWhatItClaims(esp, answer) ? ["accepted"] : ["accepted", "maybe"], id };
}

/** Every id that the answer gives the message, if it is shaped as a receipt; one of no use counts too. */
function idsIn(esp: EspName, answer: HostileAnswer, body: Json | undefined): readonly string[] {
  switch (esp) {
    case "ses":
      return texts(body?.MessageId);
    case "sendgrid":
      return sendgridIds(valuesOf(answer, "x-message-id").map((value) => value.trim()));
    case "mailgun":
      return texts(body?.message).length > 0
        ? texts(body?.id).filter((id) => id.startsWith("<") && id.endsWith(">"))
        : [];
    case "mailjet":
      return mailjetIds(body);
  }
}

/** The words of Mailgun's root, in what is a receipt otherwise. */
function isAtWrongAddress(message: unknown): boolean {
  return isText(message) && message.includes("Magnificent");
}

/** A header that comes twice is none that SendGrid sends, but only without any id it is no receipt at all. */
function sendgridIds(values: readonly string[]): readonly string[] {
  return values.every((value) => value === "") ? [] : values;
}

function mailjetIds(body: Json | undefined): readonly string[] {
  const messages = recordsIn(body?.Messages);
  if (messages.length === 0 || !messages.every(({ Status }) => Status === "success")) return [];
  const ids = messages.flatMap(({ To, Cc, Bcc }) => {
    return [To, Cc, Bcc].flatMap(recordsIn).map(({ MessageUUID, MessageID, MessageHref }) => {
      const number = Number.isSafeInteger(MessageID) ? [String(MessageID)] : [];
      return [...texts(MessageUUID), ...texts(MessageID), ...number, ...texts(MessageHref)][0];
    });
  });
  const known = ids.filter((id) => id !== undefined);
  // An entry beside the message's own is as odd as a second id.
  const isOnlyOne = Array.isArray(body?.Messages) && body.Messages.length === 1 && ids.length === 1;
  return isOnlyOne ? known : known.flatMap((id) => [id, id]);
}

function texts(value: unknown): readonly string[] {
  return isText(value) ? [value] : [];
}

/** An id such as the ESP gives: a program may print and store it as it is. */
function isPlainId(esp: EspName, id: string): boolean {
  if (id.length > 200) return false;
  return esp === "mailgun" ? /^<[\w.-]+@[\w.-]+>$/.test(id) : /^[\x21-\x7e]+$/.test(id);
}

/** Its body is of the type and the coding that its headers say. */
function isWhatItClaims(esp: EspName, answer: HostileAnswer): boolean {
  if (esp === "sendgrid") return true;
  const types = valuesOf(answer, "content-type");
  return valuesOf(answer, "content-encoding").length === 0 && types.every((type) => type === "application/json");
}

function failure(answer: HostileAnswer, statement: Statement, esp: EspName): Expectation {
  const { status } = answer;
  const { saysAccepted, saysRefused, own } = statement;
  if (saysAccepted) return { verdicts: ["maybe"] };
  if (status >= 500) return serverFailure(answer, own);
  if (saysRefused === "surely") return { verdicts: ["no"], reasons: reasonsIn(esp, answer, statement) };
  if (saysRefused === "perhaps") return { verdicts: ["no", "maybe"] };
  if (status === 408)
    return own === "no" ? { verdicts: ["maybe"], reasons: ["server-error"] } : { verdicts: ["no", "maybe"] };
  if (status >= 400) return { verdicts: ["no"], reasons: reasonsIn(esp, answer, statement) };
  if (status >= 300) return { verdicts: ["no"], reasons: ["unavailable"] };
  return { verdicts: ["maybe"], reasons: ["bad-response"] };
}

/** A proxy answers with a 503 too when its upstream broke down after the request: only who says when, or the ESP itself, knows. */
function serverFailure(answer: HostileAnswer, own: Statement["own"]): Expectation {
  const { status } = answer;
  if (status !== 503)
    return { verdicts: ["maybe"], reasons: status <= 599 ? ["server-error"] : ["server-error", "bad-response"] };
  const saysWhen = valuesOf(answer, "retry-after").length > 0;
  if (own === "yes" || saysWhen) return { verdicts: ["no"], reasons: ["unavailable"] };
  return own === "no" ? { verdicts: ["maybe"], reasons: ["server-error"] } : { verdicts: ["no", "maybe"] };
}

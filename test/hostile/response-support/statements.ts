import type { Reason } from "../../../src/index.ts";
import type { EspName } from "../../../src/testing/index.ts";
import { type HostileAnswer, valuesOf } from "./answer.ts";
import { isRecord, isText, type Json, objectIn, recordsIn } from "./json.ts";

/** What an answer that is no receipt says in the ESP's own form. */
export interface Statement {
  /** Whether only this ESP would write that; `perhaps` where it has more, or other, members than documented. */
  readonly own: "yes" | "perhaps" | "no";
  /** Mailjet tells the fate of each message apart from that of the call. */
  readonly saysAccepted: boolean;
  readonly saysRefused: "surely" | "perhaps" | "no";
  readonly code?: string | undefined;
  readonly words?: string | undefined;
}

const silence: Statement = { own: "no", saysAccepted: false, saysRefused: "no" };

export function statementIn(esp: EspName, answer: HostileAnswer, body: Json | undefined): Statement {
  const said = readers[esp](answer, body);
  return { ...silence, ...said };
}

const readers: Readonly<Record<EspName, (answer: HostileAnswer, body: Json | undefined) => Partial<Statement>>> = {
  ses(answer, body) {
    const inHeader = valuesOf(answer, "x-amzn-errortype");
    const type = [body?.__type, body?.code].find(isText);
    if (inHeader.length === 0 && type === undefined) return {};
    const code = inHeader[0] ?? type;
    const isPlain = inHeader.length < 2 && isText(code) && /^[A-Za-z]+$/.test(code);
    return { own: isPlain ? "yes" : "perhaps", code: isPlain ? code : undefined, words: firstText(body?.message) };
  },
  sendgrid(_answer, body) {
    const errors: readonly unknown[] = Array.isArray(body?.errors) ? body.errors : [];
    if (!errors.some(isRecord)) return {};
    const [first] = errors;
    const isPlain = errors.length === 1 && isRecord(first) && isText(first.message);
    return { own: isPlain ? "yes" : "perhaps", words: isPlain ? firstText(first.message) : undefined };
  },
  mailgun(answer, body) {
    if (answer.status === 200 && /^\s*"?Mailgun Magnificent API/.test(answer.body.toString())) {
      return { saysRefused: "surely" };
    }
    if (!isText(body?.message)) return {};
    // Hostile words may be those of an ESP in the place of another's.
    const saysRefused = answer.status === 200 && body.message.includes("Magnificent") ? "perhaps" : "no";
    return { own: Object.keys(body).length === 1 ? "yes" : "perhaps", words: body.message, saysRefused };
  },
  mailjet({ status }, body) {
    const messages = recordsIn(body?.Messages);
    if (messages.some(({ Status }) => Status === "success")) return { saysAccepted: true };
    const refused = messages.filter(({ Status }) => Status === "error");
    if (refused.length > 0) return mailjetRefusal(messages, refused);
    if (body === undefined || !isText(body.ErrorMessage)) return {};
    const statusDecides = body.StatusCode === undefined || (status >= 400 && isSure(body.StatusCode));
    const saysRefused = statusDecides ? "no" : "perhaps";
    return { own: "yes", code: firstText(body.ErrorCode), words: body.ErrorMessage, saysRefused };
  },
};

function mailjetRefusal(messages: readonly Json[], refused: readonly Json[]): Partial<Statement> {
  const errors = refused.flatMap(({ Errors }) => recordsIn(Errors));
  const isPlain = messages.length === 1 && errors.length <= 1;
  const [error] = errors;
  const sure = isPlain && isSure(error?.StatusCode);
  return {
    own: "yes",
    saysRefused: sure ? "surely" : "perhaps",
    code: isPlain ? firstText(error?.ErrorCode) : undefined,
    words: firstText(error?.ErrorMessage),
  };
}

/** A status beside the refusal that does not speak against it. */
function isSure(status: unknown): boolean {
  return status === undefined || (typeof status === "number" && status >= 400 && status < 500 && status !== 408);
}

function firstText(value: unknown): string | undefined {
  return isText(value) ? value : undefined;
}

const sesReasons: Readonly<Record<string, Reason>> = {
  BadRequestException: "invalid",
  MailFromDomainNotVerifiedException: "sender",
  AccountSuspendedException: "suspended",
  SendingPausedException: "suspended",
  NotFoundException: "not-found",
  TooManyRequestsException: "throttled",
  ThrottlingException: "throttled",
  LimitExceededException: "quota",
  UnrecognizedClientException: "authentication",
  AccessDeniedException: "authentication",
  SignatureDoesNotMatch: "authentication",
  ExpiredTokenException: "authentication",
  InvalidSignatureException: "authentication",
};

const mailjetReasons: readonly (readonly [RegExp, Reason])[] = [
  [/^mj-00(?:0[2-9]|1[0-3])$/, "invalid"],
  [/^send-00(?:03|04|15|16)$/, "invalid"],
  [/^send-0010$/, "not-found"],
  [/^send-001[123]$/, "unsupported"],
  [/^send-000[678]$/, "sender"],
  [/^mj-0001$/, "suspended"],
  [/^mj-0015$/, "authentication"],
];

const statusReasons: ReadonlyMap<number, Reason> = new Map([
  [401, "authentication"],
  [402, "quota"],
  [403, "authentication"],
  [413, "too-large"],
  [429, "throttled"],
]);

/** Every reason that means: not sent, and the ESP was asked. */
const refusals: readonly Reason[] = [
  "rejected",
  "invalid",
  "too-large",
  "unsupported",
  "not-found",
  "authentication",
  "suspended",
  "sender",
  "quota",
  "throttled",
  "unavailable",
];

/** The reasons that an answer which proves "not sent" may have; exact where its form or its status is the documented one. */
export function reasonsIn(esp: EspName, answer: HostileAnswer, { own, code, words }: Statement): readonly Reason[] {
  const { status } = answer;
  if (esp === "ses" && code !== undefined && Object.hasOwn(sesReasons, code) && words === "It is so") {
    return [sesReasons[code] ?? "invalid"];
  }
  const byCode = esp === "mailjet" ? mailjetReasons.find(([codes]) => codes.test(code ?? ""))?.[1] : undefined;
  if (byCode) return [byCode];
  const saysSomething = own !== "no" || objectIn(answer.body) !== undefined;
  if (saysSomething || esp === "mailgun" || status < 400) return refusals;
  return [statusReasons.get(status) ?? "invalid"];
}

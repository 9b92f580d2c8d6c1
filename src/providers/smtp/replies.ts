import { waitOf } from "../retry-after.ts";
import type { JudgedReason } from "../verdict.ts";

/** Where in the dialogue something stands: the command that waits for its reply; `end` is the dot after the body. */
export type Step = "CONNECT" | "EHLO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "end" | "other";

/** A complete reply of a server (RFC 5321 §4.2). */
export interface Reply {
  /** Three digits. */
  readonly code: number;
  /** Enhanced status code (RFC 3463), as `"5.7.1"`. */
  readonly enhanced?: string | undefined;
  /** What it says, without codes, lines joined by a blank. */
  readonly text: string;
}

/** No reply says more that matters, and the patterns below are not linear. */
const longestText = 2_000;

export function parseReply(raw: unknown): Reply | undefined {
  if (typeof raw !== "string") return undefined;
  const lines = raw.slice(0, longestText).split(/\r?\n/);
  const [, code, enhanced] = /^(\d{3})(?:[ -](?:([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?|$)/.exec(lines[0] ?? "") ?? [];
  // Lines of different codes say yes and no at once (RFC 5321 §4.2.1).
  if (code === undefined || lines.some((line) => /^\d{3}[ -]/.test(line) && !line.startsWith(code))) return undefined;
  const text = lines.map((line) => line.replace(/^\d{3}[ -]?(?:[245]\.\d{1,3}\.\d{1,3}(?![\d.]))?/, "").trim());
  return { code: Number(code), enhanced, text: text.filter((line) => line !== "").join(" ") };
}

/** Before there is a message, a refusal speaks of the connection. */
const beforeMail: readonly Step[] = ["CONNECT", "EHLO", "STARTTLS"];
const ofMail: readonly Step[] = ["MAIL", "RCPT", "DATA", "end"];
/** Once a recipient was named, "account" and "quota" may be theirs. */
const butRecipient: readonly Step[] = [...beforeMail, "AUTH", "MAIL", "DATA", "end"];

/** A refusal that can be told apart. All that is given must match. */
interface ReplyRule {
  readonly reason: JudgedReason;
  readonly enhanced?: RegExp;
  readonly codes?: readonly number[];
  readonly words?: RegExp;
  readonly steps?: readonly Step[];
  /** Temporary (4yz) or permanent (5yz); by default both. */
  readonly class?: 4 | 5;
}

/**
 * What replies mean; the first that matches decides. Sources, read in documents and not tried at each server:
 *
 * - codes: RFC 5321 §4.2.2 and §4.2.3, RFC 4954 §6 (AUTH), RFC 3207 §4 (STARTTLS), RFC 1870 §6 (SIZE), RFC 7504 (521, 556)
 * - enhanced codes: RFC 3463, RFC 5248 and IANA's registry of SMTP enhanced status codes
 * - words: https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html,
 *   https://www.twilio.com/docs/sendgrid/for-developers/sending-email/smtp-errors-and-troubleshooting, Postfix, Exchange Online
 *
 * A temporary refusal of one mailbox is `unsupported`: it says nothing of the ESP, and another may take the message.
 */
const rules: readonly ReplyRule[] = [
  // A mailbox: full, switched off, or with a limit of its own.
  { reason: "too-large", enhanced: /^[45]\.2\.3$/ },
  { reason: "unsupported", enhanced: /^4\.2\./, steps: ofMail },
  { reason: "rejected", enhanced: /^5\.2\./, steps: ofMail },
  // Of unknown senders to that mailbox (RFC 6647), whatever code it comes with.
  { reason: "unsupported", words: /gr[ae]y-?list/i, steps: ["RCPT", "DATA", "end"], class: 4 },
  { reason: "too-large", words: /message (?:file )?(?:size|too (?:big|large))/i, steps: ofMail },
  // Words of the ESPs, which come with codes of all kinds.
  {
    reason: "quota",
    words: /(?:daily|monthly|message|sending) (?:\w+ )?(?:quota|limit)\b|(?:maximum|out of) credits|credits exceeded/i,
    steps: butRecipient,
  },
  {
    reason: "throttled",
    words:
      /too many (?:concurrent |simultaneous |open )?(?:smtp )?(?:connections|sessions|messages|e?mails|requests|errors)|rate[ -]?limit|sending rate|throttl|slow down|too (?:fast|frequent)/i,
  },
  {
    reason: "suspended",
    words: /suspended|deactivated|account (?:\w+ ){0,3}(?:disabled|blocked|locked|paused)|sending (?:\w+ ){0,3}paused/i,
    steps: butRecipient,
    class: 5,
  },
  {
    reason: "sender",
    words:
      /\bnot verified\b|verified sender|sender (?:address |identity )?(?:rejected|denied|not)|send(?:ing)? (?:as|from|on behalf)|from address|not owned by/i,
    steps: ofMail,
    class: 5,
  },
  { reason: "authentication", words: /not authorized to perform|\brelay/i, steps: ofMail, class: 5 },
  { reason: "unsupported", words: /too many recipients/i },
  // The account.
  { reason: "authentication", codes: [530, 534, 535, 538] },
  { reason: "authentication", enhanced: /^5\.7\.(?:8|9|11|57)$/ },
  { reason: "suspended", enhanced: /^5\.7\.13$/ },
  { reason: "sender", enhanced: /^5\.(?:1\.[78]|7\.(?:2[0-7]|60))$/ },
  { reason: "throttled", enhanced: /^(?:5\.7\.28|4\.4\.5)$/ },
  { reason: "quota", enhanced: /^5\.4\.5$/ },
  // The message, by its enhanced code.
  { reason: "unsupported", enhanced: /^(?:4\.1\.\d+|[45]\.5\.3|[45]\.6\.[79]|5\.3\.3)$/ },
  { reason: "rejected", enhanced: /^5\.1\./ },
  { reason: "too-large", enhanced: /^[45]\.3\.4$/ },
  { reason: "invalid", enhanced: /^5\.[56]\./, steps: ofMail },
  { reason: "invalid", enhanced: /^4\.6\./, steps: ofMail },
  { reason: "rejected", enhanced: /^5\.4\./, steps: ["RCPT", "end"] },
  { reason: "unavailable", enhanced: /^[45]\.[34]\./ },
  { reason: "throttled", enhanced: /^4\.7\./, steps: ofMail },
  { reason: "sender", enhanced: /^5\.7\./, steps: ["MAIL"] },
  { reason: "rejected", enhanced: /^5\.7\./, steps: ["RCPT", "DATA", "end"] },
  // By code alone.
  { reason: "unsupported", codes: [450, 452, 552], steps: ["RCPT"] },
  { reason: "too-large", codes: [552], steps: ofMail },
  { reason: "sender", codes: [550, 553], steps: ["MAIL"] },
  { reason: "rejected", codes: [550, 551, 553, 554, 556], steps: ofMail },
  { reason: "unsupported", codes: [555], steps: ofMail },
  { reason: "unavailable", class: 4 },
  { reason: "unavailable", steps: beforeMail },
  { reason: "authentication", steps: ["AUTH"] },
  { reason: "invalid" },
];

/** What a reply of 4yz or 5yz to that step means. */
export function reasonOf(reply: Reply, step: Step): JudgedReason {
  return rules.find((rule) => matches(rule, reply, step))?.reason ?? "invalid";
}

function matches(rule: ReplyRule, { code, enhanced = "", text }: Reply, step: Step): boolean {
  if (rule.class !== undefined && rule.class !== Math.floor(code / 100)) return false;
  if (rule.codes && !rule.codes.includes(code)) return false;
  if (rule.enhanced && !rule.enhanced.test(enhanced)) return false;
  if (rule.steps && !rule.steps.includes(step)) return false;
  return rule.words?.test(text) ?? true;
}

export function isRefusal({ code }: Reply): boolean {
  return code >= 400 && code <= 599;
}

/** How long the server asks to wait, in milliseconds; few say so. */
export function waitIn({ text }: Reply): number | undefined {
  const [, number, unit = ""] =
    /\b(?:again|retry|wait)\b[^.\d]{0,20}\b(\d{1,6}) ?(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?)\b/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  return waitOf(Number(number) * (unit.toLowerCase().startsWith("m") ? 60_000 : 1_000));
}

/**
 * The id under which a server queued a message, of its reply to the end of it (which no standard gives a form): the token
 * after "queued as", "id=" or the like, else the only word that holds digits and letters.
 *
 * @param addresses which it may repeat, and which are no ids
 */
export function queueIdIn({ text: whole }: Reply, addresses: readonly string[]): string | undefined {
  const text = addresses.reduce((rest, address) => without(rest, address), whole);
  const named = /\b(?:queued(?: mail)?(?: as)?|id|message-id|msgid)[ :=]+<?([^\s<>;,()[\]]{4,200})>?/i.exec(text)?.[1];
  if (named !== undefined && /\d/.test(named)) return named;
  const words = text.split(/\s+/).map((word) => word.replace(/^[<[(]|[>\]),;.]+$/g, ""));
  const candidates = words.filter((word) => /^[\w.@=+/-]{6,200}$/.test(word) && /\d/.test(word));
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** Without any of that word, in whichever case, and what it stands in up to the next blanks. */
function without(text: string, word: string): string {
  const folded = word.toLowerCase();
  return text
    .split(" ")
    .filter((part) => !part.toLowerCase().includes(folded))
    .join(" ");
}

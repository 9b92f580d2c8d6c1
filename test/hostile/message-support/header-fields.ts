import fc from "fast-check";
import { literals, oneOf } from "./presentations.ts";
import { crowded, noRecord, record, throwingRecord } from "./records.ts";
import { refused, type Specimen } from "./specimen.ts";
import { canary, fitsHeader, headerText, textOf } from "./texts.ts";
import { noText, textsOf } from "./written-texts.ts";

export type Pair = readonly [name: string, value: string];

/** A subject or the value of a header, of any length. */
const unstructured: fc.Arbitrary<Specimen<string>> = textsOf(
  fc.oneof(
    { weight: 20, arbitrary: headerText },
    fc.constantFrom(
      "",
      " ",
      "0",
      textOf(255, "😀"),
      textOf(256),
      textOf(998),
      textOf(65_536),
      textOf(65_536, "é "),
      `${textOf(65_536)}\r\nBcc: eve@example.net`,
      textOf(1_000_000),
    ),
  ),
  (text) => fitsHeader(text, { tab: true }),
);

export const subject: fc.Arbitrary<Specimen<string>> = fc.oneof({ weight: 20, arbitrary: unstructured }, noText);

/** Headers that have a field of their own, or that only a mail server writes; and what is no name at all. */
const noHeaders: readonly string[] = [
  ..."From fRoM Sender To Cc BCC bcc Reply-To Subject Date Message-ID Return-Path Received Delivered-To".split(" "),
  ..."Content-Type Content-Transfer-Encoding Content-Disposition Content-ID MIME-Version DKIM-Signature".split(" "),
  ..."Domainkey-Signature Authentication-Results Received-SPF ARC-Seal ARC-Message-Signature".split(" "),
  ..."ARC-Authentication-Results __proto__".split(" "),
  "",
  " ",
  "X Note",
  "X-Note:",
  "X-Note: a\r\nBcc",
  "X-Note\r\nBcc",
  "X-Note\n",
  "\r\nBcc",
  "X-Note\0",
  "X-Note\t",
  "X-Noté",
  "X-\u202eetoN",
  "X-\ud800",
  "\u007f",
];

const headerName: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^X-[A-Za-z0-9]{1,6}$/) },
  { weight: 2, arbitrary: fc.stringMatching(/^[!-9;-~]{1,8}$/) },
  { weight: 2, arbitrary: fc.constantFrom("X-Twin", "x-twin", "X-TWIN") },
  { weight: 1, arbitrary: fc.constantFrom("X-%0D%0ABcc", "X-%0a", "X-%22") },
  fc.constantFrom(
    ..."constructor toString hasOwnProperty valueOf then toJSON length prototype name 0 42 -1 %".split(" "),
    ..."X-\" X-\\ X-' X-; X-= List-Unsubscribe In-Reply-To List-Id X-Mailer".split(" "),
    "X".repeat(126),
    "X".repeat(127),
    "X".repeat(65_536),
  ),
  fc.constantFrom(...noHeaders),
);

const taken = new Set(noHeaders.map((name) => name.toLowerCase()));

/** RFC 5322, section 3.6.8: printable ASCII without the colon. */
function isHeaderName(name: string): boolean {
  return /^[!-9;-~]+$/.test(name) && !taken.has(name.toLowerCase());
}

/** Each name once, in whatever case. */
function isNewHeader(name: string, before: readonly string[]): boolean {
  const key = name.toLowerCase();
  return isHeaderName(name) && !before.some((other) => isHeaderName(other) && other.toLowerCase() === key);
}

const headerValue = fc.oneof({ weight: 20, arbitrary: unstructured }, noText);

export const headers: fc.Arbitrary<Specimen<readonly Pair[]>> = fc.oneof(
  {
    weight: 200,
    arbitrary: fc
      .tuple(fc.array(fc.tuple(headerName, headerValue), { maxLength: 4 }), oneOf(literals))
      .map(([entries, how]) => record(entries, isNewHeader, how)),
  },
  { weight: 10, arbitrary: fc.constantFrom(15, 16, 100, 1_000).map(crowded) },
  { weight: 1, arbitrary: fc.constant(refused("too many headers", tooMany)) },
  { weight: 10, arbitrary: noRecord },
  { weight: 10, arbitrary: throwingRecord },
);

function tooMany(): object {
  return Object.fromEntries(Array.from({ length: 100_001 }, (_, index) => [`X-${index}`, canary]));
}

import fc from "fast-check";
import type { EspName } from "../../../src/testing/index.ts";
import { espNames } from "../../contract/support/esps.ts";
import { canaries } from "../../providers/esps.ts";

/** The message that goes out, with words that stand out wherever they leak. */
export const letter = {
  from: "Zuleika Shopkeeper <zuleika.orders@example.com>",
  to: "Quetzal Lovelace <quetzal.lovelace@example.org>",
  subject: "Wolframite invoice 4711 for Quetzal",
  text: "Xylophone delivery on Thursday at nine.",
} as const;

const ofTheMessage: readonly string[] = [
  "zuleika.orders@example.com",
  "quetzal.lovelace@example.org",
  letter.subject,
  letter.text,
];

const credentials: Readonly<Record<EspName, readonly string[]>> = {
  ses: [canaries.awsKey, canaries.awsSecret, canaries.awsToken],
  sendgrid: [canaries.sendgrid],
  mailgun: [canaries.mailgun],
  mailjet: [canaries.mailjetKey, canaries.mailjetSecret],
};

/** What no error may carry, not even the beginning of it. */
export function secretsOf(esp: EspName): readonly string[] {
  return [...ofTheMessage, ...credentials[esp]];
}

const secrets = espNames.flatMap(secretsOf);

const spellings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => encodeURIComponent(text),
  (text) => [...text].map((character) => `&#${character.codePointAt(0)};`).join(""),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.replaceAll(" ", "\r\n "),
];

/** A text in which the ESP repeats what it was sent, beginning where a limit might cut it. */
export const echo: fc.Arbitrary<string> = fc
  .record({
    secret: fc.constantFrom(...secrets),
    spelling: fc.constantFrom(...spellings),
    filler: fc.constantFrom("x", ".", " ", "\n", "é"),
    limit: fc.constantFrom(0, 300, 2_000, 3_000, 20_000),
    before: fc.integer({ min: 0, max: 30 }),
  })
  .map(
    ({ secret, spelling, filler, limit, before }) =>
      `${filler.repeat(Math.max(0, limit - before))} ${spelling(secret)}`,
  );

const odd: readonly string[] = [
  "\u001b[2J\u001b]0;owned\u0007",
  "a\r\nx-injected: 1\r\n\r\nHTTP/1.1 200 OK",
  "nul\u0000nul",
  "\u202egnp.exe\u2066",
  "next\u0085line\u2028separator\u2029",
  "\ud800 alone \udfff",
  "%1b%5b2J%0a",
  "&#27;&#x1b;&#10;&#8238;",
  "\\u001b\\n\\u202e",
  "constructor",
  "__proto__",
  "<script>alert(1)</script>",
  "%s%n%d %o",
  `key-${"0".repeat(32)}`,
  "Bearer SG.abc.def",
  "somebody.else@example.net",
  "𐀀".repeat(400),
  "x".repeat(65_536),
];

/** Texts over which a careless pattern goes as often as they have characters. */
const slow: readonly string[] = [
  `<${"@".repeat(900_000)}`,
  `<${"a@".repeat(400_000)}>`,
  "domain ".repeat(140_000),
  `after ${"jan ".repeat(240_000)}`,
  `limit exceeded, try again after ${"1".repeat(900_000)}`,
  `"${"a".repeat(500_000)}`,
  "a@".repeat(450_000),
  "0123456789abcdef".repeat(60_000),
  "%41".repeat(300_000),
  "&#64;".repeat(200_000),
  "\\u0040".repeat(150_000),
  " \t".repeat(450_000),
  "email address ".repeat(70_000),
];

/** What an ESP might say of a message, and what it never would. */
export const words: fc.Arbitrary<string> = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("", "It is so", "Queued. Thank you.", "Mailgun Magnificent API") },
  { weight: 20, arbitrary: fc.constantFrom(...odd) },
  { weight: 20, arbitrary: echo },
  { weight: 15, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 10, arbitrary: fc.string({ maxLength: 400 }) },
  { weight: 1, arbitrary: fc.constantFrom(...slow) },
);

/** The same as a header could carry it. */
export const headerWords: fc.Arbitrary<string> = fc
  .oneof(fc.string({ maxLength: 80 }), fc.constantFrom("a, b", "\u00ff\u00fe", "a\tb", "x".repeat(8_000), "", " "))
  .map((text) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ""));

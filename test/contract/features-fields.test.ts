import { useEsps } from "./support/esps.ts";
import type { Feature } from "./support/features.ts";
import { describeFeatures } from "./support/features.ts";

const minute = 60_000;
const hour = 60 * minute;
const wholeSecond = Math.ceil(Date.now() / 1_000) * 1_000;
const numbered = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Headers that arrive as they are, but where they are refused. */
function headers(what: string, pairs: Readonly<Record<string, string>>, refused: Feature["refused"] = {}): Feature {
  return { what, message: { headers: pairs }, arrives: { headers: Object.entries(pairs) }, refused };
}

const headerFeatures: readonly Feature[] = [
  headers("headers of one's own, in their order and case", { "X-Campaign": "spring", "x-zebra": "1", "X-ANT": "2" }),
  headers("the headers of a mailing list", {
    "List-Unsubscribe": "<https://example.com/u?id=1&x=y>, <mailto:unsubscribe@example.com?subject=u>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  }),
  headers("the headers of a thread", {
    "In-Reply-To": "<1234.abcd@example.com>",
    References: "<1.a@example.com> <2.b@example.com>",
  }),
  headers("headers of priority and automation", {
    Importance: "high",
    "X-Priority": "1",
    "Auto-Submitted": "auto-generated",
  }),
  headers("a header outside ASCII", { "X-Note": "schön – 注文 😀" }),
  headers("a long header outside ASCII", { "X-Note": "ü".repeat(250) }),
  headers("a header of 900 characters", { "X-Long": "x".repeat(900) }),
  headers("a header of 900 characters in words", { "X-Long": "word ".repeat(180).trim() }),
  headers("a header with quotes, commas and semicolons", { "X-Odd": 'a="b"; c=<d>, (e) \\ %20' }),
  headers("a header with a tab", { "X-Tab": "a\tb" }),
  headers("a header that looks like an encoded word", { "X-Word": "=?UTF-8?Q?Hello?=" }),
  headers("a header that is falsy as a number", { "X-Zero": "0", "X-False": "false" }),
  headers("headers with names that every object has", { constructor: "a", toString: "b" }),
  headers("15 headers", Object.fromEntries(numbered(15, "X-").map((name) => [name, name]))),
  // SES takes 15, of 995 characters as they are encoded, and none that is empty.
  headers("16 headers", Object.fromEntries(numbered(16, "X-").map((name) => [name, name])), { ses: ["headers"] }),
  headers("an empty header", { "X-Empty": "" }, { ses: ["headers"] }),
  headers("a header of 500 letters outside ASCII", { "X-Long": "ü".repeat(500) }, { ses: ["headers"] }),
  // Mailjet writes these itself.
  headers("a List-Id", { "List-Id": "<news.example.com>" }, { mailjet: ["headers"] }),
  headers("an X-Mailer", { "X-Mailer": "Shop 1.0" }, { mailjet: ["headers"] }),
];

function tags(what: string, list: readonly string[], refused: Feature["refused"] = {}): Feature {
  return { what, message: { tags: list }, arrives: { tags: list }, refused };
}

/** SES knows letters, digits, _ and -; Mailjet one campaign; SendGrid and Mailgun ten tags. */
const tagFeatures: readonly Feature[] = [
  tags("one tag", ["order"]),
  tags("a tag that is falsy as a number", ["0"]),
  tags("a tag of 128 characters", ["x".repeat(128)]),
  tags("ten tags in their order", numbered(10, "tag").reverse(), { mailjet: ["tags"] }),
  tags("11 tags", numbered(11, "tag"), { sendgrid: ["tags"], mailgun: ["tags"], mailjet: ["tags"] }),
  tags("a tag with a blank", ["order confirmation"], { ses: ["tags"] }),
  tags("a tag with punctuation", ['a:b,c;d/e="f"'], { ses: ["tags"] }),
  tags("a tag outside ASCII", ["größe"], { ses: ["tags"], sendgrid: ["tags"], mailgun: ["tags"] }),
  tags("a tag of 129 characters", ["x".repeat(129)], { mailgun: ["tags"] }),
  tags("the same tag twice", ["a", "a"], { ses: ["tags"], sendgrid: ["tags"], mailjet: ["tags"] }),
];

function metadata(what: string, entries: Readonly<Record<string, string>>, refused: Feature["refused"] = {}): Feature {
  return { what, message: { metadata: entries }, arrives: { metadata: entries }, refused };
}

const metadataFeatures: readonly Feature[] = [
  metadata("one datum", { order: "42" }),
  metadata("40 data", Object.fromEntries(numbered(40, "key").map((key) => [key, `value-of-${key}`]))),
  metadata("names in any case", { orderId: "1", ORDER_ID: "2", "order-id": "3" }),
  metadata("values that are falsy or no strings elsewhere", { zero: "0", no: "false", nothing: "null", not: "NaN" }),
  metadata("names that every object has", { constructor: "a", toString: "b", hasOwnProperty: "c" }),
  metadata("names that are numbers", { 1: "a", 0: "b" }),
  // SES takes letters, digits, _ and - alone.
  metadata("an empty value", { note: "" }, { ses: ["metadata"] }),
  metadata("a time", { at: "2025-01-01T12:30:00.000Z" }, { ses: ["metadata"] }),
  metadata("JSON", { data: '{"a":["\\"b\\"",1]}' }, { ses: ["metadata"] }),
  metadata("values outside ASCII", { name: "Größe 😀" }, { ses: ["metadata"] }),
  metadata("names outside ASCII", { größe: "1" }, { ses: ["metadata"] }),
  metadata("names with blanks and punctuation", { "a b": "1", "c.d": "2", 'e"f:g': "3" }, { ses: ["metadata"] }),
  {
    // SES knows pairs only, so a tag is a pair of twice the same.
    what: "a value that is its name",
    message: { metadata: { order: "order" } },
    arrives: { metadata: { order: "order" } },
    at: { ses: { metadata: {}, tags: ["order"] } },
  },
  {
    // In SES both would be one name.
    what: "metadata with the name of a tag",
    message: { tags: ["order"], metadata: { order: "42" } },
    arrives: { tags: ["order"], metadata: { order: "42" } },
    refused: { ses: ["tags"] },
  },
];

const trackingFeatures: readonly Feature[] = [
  { what: "tracking that is switched off", message: { tracking: { opens: false, clicks: false } } },
  ...[
    { opens: true, clicks: true },
    { opens: true, clicks: false },
    { opens: false, clicks: true },
  ].map((tracking) => ({
    // At SES it is a matter of the configuration set.
    what: `tracking of ${Object.entries(tracking)
      .flatMap(([what, on]) => (on ? [what] : []))
      .join(" and ")}`,
    message: { tracking },
    arrives: { tracking },
    refused: { ses: ["tracking"] },
  })),
];

function delivery(what: string, time: number, refused: Feature["refused"], arrives = time): Feature {
  return { what, message: { sendAt: new Date(time) }, arrives: { sendAt: new Date(arrives) }, refused };
}

const neverLater = { ses: ["sendAt"], mailjet: ["sendAt"] };

const deliveryFeatures: readonly Feature[] = [
  delivery("a delivery in five minutes", wholeSecond + 5 * minute, neverLater),
  delivery(
    "a delivery between two seconds, not before it",
    wholeSecond + hour + 1,
    neverLater,
    wholeSecond + hour + 1_000,
  ),
  delivery("a delivery in 71 hours", wholeSecond + 71 * hour, neverLater),
  delivery("a delivery in 73 hours", wholeSecond + 73 * hour, {
    ...neverLater,
    sendgrid: ["sendAt"],
    mailgun: ["sendAt"],
  }),
  { what: "a time of delivery that has passed, as at once", message: { sendAt: new Date(wholeSecond - hour) } },
];

const esps = await useEsps();
describeFeatures("headers", esps, headerFeatures);
describeFeatures("tags", esps, tagFeatures);
describeFeatures("metadata", esps, metadataFeatures);
describeFeatures("tracking", esps, trackingFeatures);
describeFeatures("times of delivery", esps, deliveryFeatures);

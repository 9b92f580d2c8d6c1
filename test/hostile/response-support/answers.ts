import fc from "fast-check";
import type { EspName } from "../../../src/testing/index.ts";
import type { Header, HostileAnswer } from "./answer.ts";
import { bodies } from "./bodies.ts";
import { headerWords } from "./words.ts";

/** Those that mean something to somebody, and now and then any of three digits. */
const statuses: fc.Arbitrary<number> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(200, 200, 200, 201, 202, 202) },
  { weight: 4, arbitrary: fc.constantFrom(400, 401, 402, 403, 404, 408, 413, 420, 429, 499) },
  { weight: 2, arbitrary: fc.constantFrom(500, 502, 503, 503, 503, 504, 599) },
  { weight: 1, arbitrary: fc.constantFrom(204, 206, 301, 302, 303, 304, 307, 308) },
  { weight: 3, arbitrary: fc.integer({ min: 200, max: 999 }) },
);

const retryAfters = [
  ...["7", "0", "-1", "-99999999", "0.5", "1e308", "1e999", "NaN", "Infinity", "soon", "", "7, 9", "0x10", "９", "1 2"],
  ...[
    "9".repeat(400),
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Sat, 13 Sep 275760 00:00:00 GMT",
  ],
  ...[
    "Wed, 32 Oct 2026 25:61:61 GMT",
    "2026-10-21T07:28:00Z",
    "Jan 1, 99:99",
    "jan ".repeat(2_500),
    `jan ${"1:".repeat(4_000)}`,
  ],
].filter((value) => /^[\x20-\x7e]*$/.test(value));

/** Places to which a redirection may point; `elsewhere` is where nobody may go. */
function locations(elsewhere: string): readonly string[] {
  return [
    elsewhere,
    `${elsewhere}/v3/mail/send`,
    "file:///etc/passwd",
    "/",
    "",
    "//example.com/",
    "javascript:alert(1)",
    "http://[",
    "\\\\x",
  ];
}

const dates = ["Thu, 01 Jan 1970 00:00:00 GMT", "Sat, 13 Sep 275760 00:00:00 GMT", "garbage", "-1", "1e308"];
const types = [
  "application/json",
  "application/json; charset=utf-16",
  "text/html",
  "text/plain",
  "image/png",
  "",
  ";",
  "a/b/c",
  "x".repeat(8_000),
];
const codings = ["gzip", "br", "deflate", "identity", "gzip, gzip, br", "x-unknown", "", "gzip;q=0"];

function headers(elsewhere: string): fc.Arbitrary<readonly Header[]> {
  const one = (name: string, values: readonly string[]) =>
    fc.constantFrom(...values).map((value): Header[] => [[name, value]]);
  const some = fc.oneof(
    { weight: 6, arbitrary: one("content-type", types) },
    { weight: 3, arbitrary: one("content-encoding", codings) },
    { weight: 3, arbitrary: one("retry-after", retryAfters) },
    { weight: 3, arbitrary: one("location", locations(elsewhere)) },
    { weight: 2, arbitrary: one("date", dates) },
    { weight: 1, arbitrary: one("x-ratelimit-reset", ["0", "-1", "9".repeat(300), "NaN", "1e3"]) },
    {
      weight: 1,
      arbitrary: one("keep-alive", ["timeout=0", "timeout=-1", "timeout=99999999999999999999", "max=0", "timeout=NaN"]),
    },
    {
      weight: 1,
      arbitrary: one("x-amzn-errortype", [
        "",
        "MessageRejected",
        "BadRequestException:http://x/",
        "a#b:c",
        "x".repeat(5_000),
        "__proto__",
      ]),
    },
    { weight: 1, arbitrary: one("__proto__", ["polluted"]) },
    {
      weight: 1,
      arbitrary: fc
        .nat({ max: 250 })
        .map((count) => Array.from({ length: count }, (_, i): Header => ["set-cookie", `c${i}=${"v".repeat(40)}`])),
    },
    {
      weight: 1,
      arbitrary: fc.nat({ max: 950 }).map((count) => Array.from({ length: count }, (): Header => ["x", ""])),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("server", "via", "x-powered-by", "constructor", "content-md5", "refresh"), headerWords)
        .map((header): Header[] => [header]),
    },
  );
  return fc.array(some, { maxLength: 3 }).map((lists) => lists.flat());
}

/** The receipt of SendGrid is a header. */
const messageIds: fc.Arbitrary<readonly Header[]> = fc.oneof(
  fc.constant([]),
  fc.constant([["x-message-id", "id-1"] as const]),
  headerWords.map((id): readonly Header[] => [["X-Message-Id", id]]),
  fc.tuple(headerWords, headerWords).map(([a, b]): readonly Header[] => [
    ["x-message-id", a],
    ["x-message-id", b],
  ]),
);

/** Node takes 16 KB of headers, and 1,000 of them: these are a little less. */
const longestHead = 15_000;
const mostHeaders = 990;

/** Any answer that is HTTP, whatever it says. */
export function answers(esp: EspName, elsewhere: string): fc.Arbitrary<HostileAnswer> {
  const ownHeaders = esp === "sendgrid" ? messageIds : fc.constant([]);
  return fc
    .record({ status: statuses, own: ownHeaders, more: headers(elsewhere), body: bodies(esp) })
    .map(({ status, own, more, body }) => ({
      status,
      headers: withinLimit([...own, ...more]),
      body: body.bytes,
      what: body.what,
      isWhole: body.isWhole,
    }));
}

function withinLimit(all: readonly Header[]): readonly Header[] {
  let length = 0;
  return all.slice(0, mostHeaders).filter(([name, value]) => {
    length += name.length + value.length + 4;
    return length < longestHead;
  });
}

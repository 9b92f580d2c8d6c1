import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { EspName } from "../../../src/testing/index.ts";
import { words } from "./words.ts";

/** Text of a JSON value where another was expected; not all of it is JSON. */
const misfits: readonly string[] = [
  ...[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1e999",
    "-1e999",
    "12345678901234567890",
    "1.5",
    "NaN",
    "Infinity",
    "undefined",
  ],
  ...[
    '""',
    '" "',
    "[]",
    "{}",
    "[null]",
    '["a"]',
    '[["a"]]',
    '{"a":"b"}',
    '{"__proto__":{"polluted":true}}',
    '"\\u0000"',
  ],
  ...[
    '{"toString":null,"valueOf":null}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    `[${"0,".repeat(5_000)}0]`,
  ],
  `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
];

const plainId = fc.string({ unit: fc.constantFrom(..."abcdefghij0123456789-_."), minLength: 1, maxLength: 60 });

/** What stands where a text is expected. */
const slot: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: plainId.map((id) => JSON.stringify(id)) },
  { weight: 3, arbitrary: words.map((text) => JSON.stringify(text)) },
  { weight: 2, arbitrary: fc.constantFrom(...misfits) },
);

type Shape = (slots: readonly [string, string, string]) => string;

const angled = (slot: string): string => (slot.startsWith('"') ? `"<${slot.slice(1, -1)}@mg.example.com>"` : slot);

/** The forms in which each ESP speaks, with places for three values. */
const shapes: Readonly<Record<EspName, readonly Shape[]>> = {
  ses: [
    ([id]) => `{"MessageId":${id}}`,
    ([id, other]) => `{"__proto__":{"MessageId":${id}},"messageId":${other}}`,
    ([id, other]) => `{"MessageId":${id},"MessageId":${other}}`,
    ([code, text]) => `{"__type":${code},"message":${text}}`,
    ([code, text, other]) => `{"code":${code},"Message":${text},"__type":${other}}`,
  ],
  sendgrid: [
    ([text, field, id]) => `{"errors":[{"message":${text},"field":${field},"error_id":${id}}]}`,
    ([text, field, id]) => `{"errors":[${id},{"message":${text},"field":${field}}]}`,
    ([list]) => `{"errors":${list}}`,
    ([text, field]) =>
      `{"errors":[${Array(2_000)
        .fill(`{"message":${text.slice(0, 100).padEnd(1, "0")},"field":1}`)
        .join()},${field}]}`,
  ],
  mailgun: [
    ([id]) => `{"id":${angled(id)},"message":"Queued. Thank you."}`,
    ([id, text]) => `{"id":${id},"message":${text}}`,
    ([id, text]) => `{"id":${angled(id)},"message":${text}}`,
    ([text]) => `{"message":${text}}`,
    ([text, other]) => `{"message":${text},"id":"","more":${other}}`,
  ],
  mailjet: [
    ([id]) => `{"Messages":[{"Status":"success","To":[{"MessageUUID":${id}}]}]}`,
    ([id, number]) => `{"Messages":[{"Status":"success","To":[{"MessageUUID":${id},"MessageID":${number}}]}]}`,
    ([id, other]) => `{"Messages":[{"Status":"success","To":[{"MessageUUID":${id}}]},${other}]}`,
    ([status, list]) => `{"Messages":[{"Status":${status},"To":${list}}]}`,
    ([list]) => `{"Messages":${list}}`,
    ([code, text, status]) =>
      `{"Messages":[{"Status":"error","Errors":[{"ErrorCode":${code},"ErrorMessage":${text},"StatusCode":${status}}]}]}`,
    ([code, text]) => `{"Messages":[{"Status":"error","Errors":[{"ErrorCode":${code},"ErrorMessage":${text}}]}]}`,
    ([code, text, status]) => `{"ErrorCode":${code},"ErrorMessage":${text},"StatusCode":${status}}`,
    ([list]) => `{"Messages":[{"Status":"error","Errors":${list}}]}`,
    ([id, code]) =>
      `{"Messages":[{"Status":"success","To":[{"MessageUUID":${id}}]},{"Status":"error","Errors":[{"ErrorCode":${code}}]}]}`,
  ],
};

const codes = [
  "MessageRejected",
  "BadRequestException",
  "ThrottlingException",
  "AccountSuspendedException",
  "NotFoundException",
];
const mailjetCodes = ["mj-0001", "mj-0002", "mj-0013", "mj-0015", "send-0003", "send-0007", "send-0010", "send-0012"];

/** What an ESP documents that it says. */
const documented: readonly string[] = [
  ...codes.map((code) => `{"__type":"${code}","message":"It is so"}`),
  '{"__type":"MessageRejected","message":"Email address is not verified."}',
  '{"errors":[{"message":"Maximum credits exceeded","field":null,"help":null}]}',
  '{"errors":[{"message":"The from address does not match a verified Sender Identity.","field":"from"}]}',
  '{"message":"Domain mg.example.com is not allowed to send"}',
  '{"message":"Domain not found: mg.example.com"}',
  '"Mailgun Magnificent API"',
  "Mailgun Magnificent API",
  "Forbidden",
  ...mailjetCodes.map((code) => `{"ErrorCode":"${code}","StatusCode":400,"ErrorMessage":"It is so"}`),
  ...mailjetCodes.map(
    (code) => `{"Messages":[{"Status":"error","Errors":[{"ErrorCode":"${code}","StatusCode":400}]}]}`,
  ),
];

const page = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

/** What nobody's API says. */
const junk: readonly (string | Buffer)[] = [
  ...["", " ", "null", "[]", "{}", '"text"', "0", "{", "[", '{"MessageId":"abc', page, "OK", "\u0000", "NaN"],
  `${page}\n`.repeat(3_000),
  Buffer.from([0xff, 0xfe, 0xfd, 0x80, 0xc0, 0xaf]),
  `${'{"a":'.repeat(100_000)}"MessageId"${"}".repeat(100_000)}`,
  "[".repeat(100_000) + "]".repeat(100_000),
  `[${"1,".repeat(400_000)}1]`,
  `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
];

const encodings: readonly (readonly [string, (body: Buffer) => Buffer])[] = [
  ["as it is", (body) => body],
  ["behind a byte order mark", (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body])],
  ["in UTF-16", (body) => Buffer.from(body.toString(), "utf16le")],
  ["in UTF-16 behind a mark", (body) => Buffer.from(`\ufeff${body.toString()}`, "utf16le")],
  [
    "with bytes that are no UTF-8",
    (body) => Buffer.concat([body.subarray(0, 14), Buffer.from([0xc3, 0x28, 0xff]), body.subarray(14)]),
  ],
  ["cut off", (body) => body.subarray(0, Math.floor(body.length / 2))],
  ["followed by more", (body) => Buffer.concat([body, Buffer.from("trailing")])],
  ["with NUL bytes after it", (body) => Buffer.concat([body, Buffer.alloc(100)])],
  ["by gzip", (body) => gzipSync(body)],
  ["by deflate", (body) => deflateSync(body)],
  ["by raw deflate", (body) => deflateRawSync(body)],
  ["by brotli", (body) => brotliCompressSync(body, { params: { 1: 1 } })],
  ["by gzip, twice", (body) => gzipSync(gzipSync(body))],
  ["by half of a gzip", (body) => gzipSync(body).subarray(0, 20)],
];
const [asItIs] = encodings;

export interface Body {
  readonly what: string;
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/** These tear words apart. */
const tearing = ["cut off", "with bytes that are no UTF-8", "in UTF-16", "in UTF-16 behind a mark"];

/** A body that the ESP might send, or that looks as if. */
export function bodies(esp: EspName): fc.Arbitrary<Body> {
  const everybody = Object.values(shapes).flat();
  const shaped = (from: readonly Shape[]) =>
    fc
      .record({ shape: fc.constantFrom(...from), slots: fc.tuple(slot, slot, slot) })
      .map(({ shape, slots }) => shape(slots));
  const text = fc.oneof(
    { weight: 10, arbitrary: shaped(shapes[esp]) },
    { weight: 2, arbitrary: shaped(everybody) },
    { weight: 5, arbitrary: fc.constantFrom(...documented) },
    { weight: 1, arbitrary: words },
    { weight: 1, arbitrary: fc.constantFrom(...junk.slice(0, 16)) },
  );
  const encoding = fc.oneof(
    { weight: 6, arbitrary: fc.constant(asItIs ?? encodings[0]) },
    { weight: 1, arbitrary: fc.constantFrom(...encodings) },
  );
  return fc.oneof(
    { weight: 60, arbitrary: fc.tuple(text, encoding).map(([content, coding]) => encoded(content, coding)) },
    { weight: 1, arbitrary: fc.constantFrom(...junk).map((content) => encoded(content, asItIs)) },
  );
}

function encoded(content: string | Buffer, coding: (typeof encodings)[number] | undefined): Body {
  const [how, encode] = coding ?? ["as it is", (body: Buffer) => body];
  return { what: how, bytes: encode(Buffer.from(content)), isWhole: !tearing.includes(how) };
}

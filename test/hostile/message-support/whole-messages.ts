import fc from "fast-check";
import type { Candidate } from "./letter.ts";
import { own, type Presentation, throwingAt } from "./presentations.ts";
import { boom } from "./rogues.ts";
import { canary } from "./texts.ts";
import { thenable } from "./thenable.ts";

type Whole = readonly [what: string, present: Presentation | (() => unknown), faults: readonly string[]];

const itself = ["message"];
const required = ["from", "to", "subject", "text"];
const fields = [
  ..."from to cc bcc replyTo subject text html attachments headers tags metadata template tracking".split(" "),
  ..."unsubscribe sendAt providerOptions".split(" "),
];

/** What is given for a message, and the places at which it is refused. */
const wholes: readonly Whole[] = [
  ["nothing", () => undefined, itself],
  ["null", () => null, itself],
  ["a text", () => canary, itself],
  ["a number", () => 5, itself],
  ["a bigint", () => 5n, itself],
  ["a symbol", () => Symbol(canary), itself],
  ["a function", () => boom, itself],
  ["a list", (values) => [values], itself],
  ["a promise", (values) => Promise.resolve(values), required],
  ["what is awaited in vain", () => thenable(() => {}), required],
  ["a Map", (values) => new Map(Object.entries(values)), required],
  ["an empty object", () => ({}), required],
  ["an object without a prototype", () => Object.create(null), required],
  ["a proxy that hides what it has", () => new Proxy({}, { ownKeys: boom }), itself],
  ["a proxy that shows nothing", (values) => new Proxy(own(values), { get: boom }), [...fields, ...required]],
  [
    "an object that is built from __proto__",
    (values) => ({ ...values, ...JSON.parse('{"__proto__":{"cc":"eve@example.net"}}') }),
    ["__proto__"],
  ],
  ["a field in another spelling", (values) => ({ ...values, reply_to: canary }), ["reply_to"]],
  ["a field that every object has", (values) => ({ ...values, toString: () => canary }), ["toString"]],
  ["a field whose name is a line", (values) => ({ "Bcc: eve@example.net\r\n": canary, ...values }), ["message[0]"]],
  ["a field whose name is huge", (values) => ({ ...values, [canary.repeat(10_000)]: 1 }), ["message[4]"]],
  ["a thousand fields", (values) => ({ ...values, ...numbered(1_000) }), Object.keys(numbered(1_000))],
  ...fields.map((field): Whole => [`one whose ${field} throws`, (values) => throwingAt(values, field), [field]]),
];

function numbered(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, canary]));
}

export const wholeMessages: fc.Arbitrary<Candidate> = fc
  .constantFrom(...wholes)
  .map(([what, present, faults]) => Object.assign({ parts: {}, present, faults }, { [fc.toStringMethod]: () => what }));

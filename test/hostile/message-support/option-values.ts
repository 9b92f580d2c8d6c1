import type { EspName } from "../../../src/testing/index.ts";
import { espNames } from "../../contract/support/esps.ts";
import { boom, cyclic, revokedProxy, throwingProxy } from "./rogues.ts";
import { canary, textOf } from "./texts.ts";

/** What an option brings about, beside the message being sent. */
export interface Effect {
  readonly only?: readonly EspName[];
  readonly id?: string;
  /** The end of the send before any attempt. */
  readonly ends?: "unavailable" | "aborted";
}

/** A value for one option, made anew for each send; without an effect it is refused. */
export interface OptionValue {
  readonly name: string;
  readonly make: () => unknown;
  readonly effect: Effect | undefined;
}

function fine(name: string, effect: Effect, ...makers: readonly (() => unknown)[]): OptionValue[] {
  return makers.map((make) => ({ name, make, effect }));
}

function wrong(name: string, ...values: readonly unknown[]): OptionValue[] {
  return values.map((value) => ({ name, make: () => value, effect: undefined }));
}

/** No option takes any of these. */
const junk: readonly unknown[] = [
  null,
  5n,
  true,
  Symbol(canary),
  boom,
  {},
  Object.create(null),
  { toString: boom, valueOf: boom, toJSON: boom },
  { toString: () => canary },
  cyclic(),
  new Map(),
  Promise.resolve(),
  new Proxy([], { get: boom }),
  throwingProxy("get", "getPrototypeOf"),
  revokedProxy([]),
];

/** Names that a list of names cannot have. */
const noNames: readonly unknown[] = [
  ["SES"],
  [""],
  ["__proto__"],
  ["constructor"],
  ["ses", `${canary}\r\nBcc: eve@example.net`],
  [`${canary}\u202e`],
  [`${canary}\ud800`],
  [textOf(100_000)],
  [5],
  [null],
  [Symbol(canary)],
  [["ses"]],
  [new String("ses")],
  "ses",
  new Set(["ses"]),
  { 0: "ses", length: 1 },
  Object.assign(["ses"], { 1: Symbol(canary) }),
  Object.assign(new Array(3), { 1: "ses" }),
  new Array(2 ** 32 - 1),
  new Proxy(["ses"], { get: boom }),
];

const day = 24 * 60 * 60 * 1_000;
const later = (delay: number) => () => new Date(Date.now() + delay);

export const optionValues: readonly OptionValue[] = [
  ...espNames.flatMap((name) =>
    fine(
      "only",
      { only: [name] },
      () => [name],
      () => Object.freeze([name, name]),
    ),
  ),
  ...fine("only", { ends: "unavailable" }, () => []),
  ...wrong("only", ...junk, ...noNames),
  ...espNames.flatMap((name) => fine("except", { only: espNames.filter((other) => other !== name) }, () => [name])),
  ...fine("except", { ends: "unavailable" }, () => [...espNames]),
  ...wrong("except", ...junk, ...noNames),
  ...fine("require", {}, () => []),
  ...fine(
    "require",
    { ends: "unavailable" },
    () => ["eu"],
    () => ["__proto__"],
    () => [canary],
    () => [textOf(100_000)],
  ),
  ...wrong("require", ...junk, "eu", [5], [Symbol(canary)], new Set(["eu"])),
  ...fine(
    "mayDrop",
    {},
    () => [],
    () => ["tags", "tags", "metadata", "tracking", "replyTo"],
  ),
  ...wrong("mayDrop", ...junk, ...noNames, ["to"], ["subject"]),
  ...fine(
    "stickyKey",
    {},
    () => "",
    () => "__proto__",
    () => `${canary}\r\n\0`,
    () => "\ud800",
    () => textOf(1_000_000),
  ),
  ...wrong("stickyKey", ...junk, 5, new String(canary), [canary]),
  ...fine(
    "onUnknown",
    {},
    () => "stop",
    () => "failover",
  ),
  ...wrong("onUnknown", ...junk, "", "STOP", "stop\n", `${canary}\r\n`, textOf(100_000), ["stop"]),
  ...["a", "0", "-", "__proto__", "constructor", "x".repeat(128)].flatMap((id) => fine("id", { id }, () => id)),
  ...wrong(
    "id",
    ...junk,
    "",
    " ",
    "a b",
    "a\n",
    "a\r\nBcc: eve@example.net",
    "é",
    "\u202e",
    "x".repeat(129),
    textOf(100_000),
    5,
    ["a"],
    new String("a"),
  ),
  ...fine(
    "deadline",
    {},
    () => 30_000,
    () => 2 ** 31 - 1,
    later(day),
    later(60 * day),
    () => new Date(8.64e15),
  ),
  ...fine(
    "deadline",
    { ends: "unavailable" },
    () => new Date(0),
    () => new Date(-8.64e15),
  ),
  ...wrong(
    "deadline",
    ...junk,
    0,
    -0,
    -1,
    2 ** 31,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "1000",
    canary,
    textOf(100_000),
    [1_000],
    new Number(1_000),
    new Date(Number.NaN),
    Object.create(Date.prototype),
    new Proxy(new Date(), {}),
  ),
  ...fine(
    "signal",
    {},
    () => new AbortController().signal,
    () => AbortSignal.any([]),
    () => AbortSignal.timeout(day),
  ),
  ...fine(
    "signal",
    { ends: "aborted" },
    () => AbortSignal.abort(),
    () => AbortSignal.abort(null),
    () => AbortSignal.abort(Symbol("reason")),
    () => AbortSignal.abort(new Proxy({}, { get: () => undefined })),
  ),
  ...wrong(
    "signal",
    ...junk,
    { aborted: false },
    new EventTarget(),
    new AbortController(),
    Object.create(AbortSignal.prototype),
  ),
  ...[
    "",
    "only ",
    "Only",
    "to",
    "constructor",
    "toString",
    canary,
    `${canary}\r\nBcc: eve@example.net`,
    textOf(100_000),
  ].flatMap((name) => wrong(name, undefined, 5)),
];

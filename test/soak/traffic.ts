import type { Message, SendOptions } from "../../src/index.ts";
import { Lottery, type Random } from "./random.ts";

/** One call of `send`. */
export interface Call {
  readonly message: Message;
  readonly options: SendOptions<string>;
  /** A signal of its own, which no listener may be left on. */
  readonly signal?: AbortSignal;
  /** Takes back what goes on beside it. */
  readonly end?: () => void;
}

/** What a call may make use of. */
export interface Surroundings {
  readonly names: readonly string[];
  readonly random: Random;
  /** Never aborted, and given to very many sends. */
  readonly sharedSignal: AbortSignal;
  /** Aborted now and then, for all the sends that have it. */
  readonly batchSignal: AbortSignal;
}

type Kind = (surroundings: Surroundings) => Call;

const letter = {
  from: "Shop <orders@example.com>",
  to: "ada@example.org",
  subject: "Your order",
  text: "Thank you for your order.",
} satisfies Message;

const kinds = {
  plain: [500, () => plain({})],
  "stopped after unknown": [80, () => plain({ onUnknown: "stop" })],
  "sticky key": [60, ({ random }) => plain({ stickyKey: `customer-${random.integer(1, 1_000)}` })],
  "one provider only": [20, ({ names, random }) => plain({ only: [random.pick(names)] })],
  "all providers but one": [20, ({ names, random }) => plain({ except: [random.pick(names)] })],
  "label required": [20, () => plain({ require: ["eu"] })],
  "label that nobody has": [5, () => plain({ require: ["nowhere"] })],
  "field that nobody can carry": [5, () => letterWith({ sendAt: new Date() })],
  "tags that may be dropped": [20, () => letterWith({ tags: ["order"] })],
  "tags that must not be dropped": [20, () => ({ ...letterWith({ tags: ["order"] }), options: { mayDrop: [] } })],
  "signal of its own": [60, () => withSignal(new AbortController())],
  "signal of its own, aborted": [40, abortedMeanwhile],
  "signal aborted beforehand": [10, () => withSignal(abortedBeforehand())],
  "signal shared by all": [100, ({ sharedSignal }) => plain({ signal: sharedSignal })],
  "signal of a batch": [60, ({ batchSignal }) => plain({ signal: batchSignal })],
  "short deadline": [40, ({ random }) => plain({ deadline: random.integer(1, 40) })],
  "date as deadline": [20, ({ random }) => plain({ deadline: new Date(Date.now() + random.integer(1, 2_000)) })],
  "deadline that is over": [5, () => plain({ deadline: new Date(Date.now() - 1) })],
  "invalid message": [10, () => letterWith({ to: "nobody" })],
  "text to come": [10, ({ random }) => letterWith({ text: textAfter(random.integer(1, 30)) })],
  "text that never comes": [3, () => unending({ text: new Promise(() => {}) })],
  "streamed attachment": [10, () => letterWith(attached(pieces()))],
  "stream that fails": [5, () => letterWith(attached(piecesThenError()))],
  "stream that never ends": [3, () => unending(attached(piecesThenNothing()))],
  "options that make no sense": [3, () => plain({ deadline: -1 })],
} as const satisfies Record<string, readonly [share: number, kind: Kind]>;

const entries: readonly (readonly [string, readonly [share: number, kind: Kind]])[] = Object.entries(kinds);
const kindOf: ReadonlyMap<string, Kind> = new Map(entries.map(([name, [, kind]]) => [name, kind]));
const lottery = new Lottery(new Map(entries.map(([name, [share]]) => [name, share])));

/** The names of all kinds of calls. */
export const kindNames: readonly string[] = [...kindOf.keys()];

/** A call of a kind that chance decides. */
export function nextCall(surroundings: Surroundings): Call & { readonly kind: string } {
  const name = lottery.draw(surroundings.random);
  const kind = kindOf.get(name);
  if (!kind) throw new RangeError(`There is no call "${name}"`);
  return { ...kind(surroundings), kind: name };
}

function plain(options: SendOptions<string>): Call {
  return { message: letter, options };
}

function letterWith(fields: Partial<Message>): Call {
  return { message: { ...letter, ...fields }, options: {} };
}

/** Something in the message never ends, so only the deadline does. */
function unending(fields: Partial<Message>): Call {
  return { ...letterWith(fields), options: { deadline: 50 } };
}

function withSignal({ signal }: AbortController): Call {
  return { ...plain({ signal }), signal };
}

function abortedBeforehand(): AbortController {
  const controller = new AbortController();
  controller.abort();
  return controller;
}

function abortedMeanwhile({ random }: Surroundings): Call {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), random.integer(0, 60));
  return { ...withSignal(controller), end: () => clearTimeout(timer) };
}

function textAfter(milliseconds: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve(letter.text), milliseconds));
}

function attached(content: AsyncIterable<Uint8Array>): Partial<Message> {
  return { attachments: [{ filename: "order.txt", content }] };
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < 3; piece += 1) yield new Uint8Array(100);
}

async function* piecesThenError(): AsyncGenerator<Uint8Array> {
  yield* pieces();
  throw new Error("the source failed");
}

async function* piecesThenNothing(): AsyncGenerator<Uint8Array> {
  yield* pieces();
  await new Promise(() => {});
}

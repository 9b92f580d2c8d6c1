import type { Cancelling } from "../cancellation.ts";
import { InvalidMessageError, type Problem } from "../errors.ts";
import { readAddress, readAddresses, readRecipients } from "./addresses.ts";
import { finishAttachments, openAttachments } from "./attachments.ts";
import { type NameAndValue, readHeaders } from "./headers.ts";
import { defaultMaxBytes, Intake, type Outcome, UnreadableError } from "./intake.ts";
import { readMetadata, readTags } from "./labels.ts";
import type { Address, Message, PreparedAttachment, PreparedMessage } from "./message.ts";
import { type ByProvider, type DraftTemplate, readProviderOptions, readTemplate } from "./per-provider.ts";
import { Place, Problems } from "./problems.ts";
import { type Found, readFields } from "./reading.ts";
import { encodingFault, headerFault } from "./text.ts";
import { readUnsubscribe } from "./unsubscribe.ts";

/**
 * A message that was validated, read and frozen, with what is meant for single providers still side by side;
 * `messageFor` makes of it what one provider is to send.
 */
export interface MessageDraft extends Omit<PreparedMessage, "template" | "providerOptions"> {
  readonly template?: DraftTemplate;
  readonly providerOptions: ByProvider<Readonly<Record<string, unknown>>>;
}

export interface PreparationContext {
  /** Id of the send, for the error. */
  readonly id: string;
  /** Used where the message says nothing; `headers` and `metadata` are merged by name. */
  readonly defaults?: Partial<Message> | undefined;
  /** The names that `template.id` and `providerOptions` may use. */
  readonly providerNames: readonly string[];
  readonly signal: Cancelling;
  /** Milliseconds left for this send. */
  readonly deadline: number;
  /** Bytes of text, html and attachments together; 40 MiB by default. */
  readonly maxBytes?: number | undefined;
}

export const fieldNames = [
  "from",
  "to",
  "cc",
  "bcc",
  "replyTo",
  "subject",
  "text",
  "html",
  "attachments",
  "headers",
  "unsubscribe",
  "tags",
  "metadata",
  "template",
  "tracking",
  "sendAt",
  "providerOptions",
] as const satisfies readonly (keyof Message)[];
type FieldName = (typeof fieldNames)[number];

/**
 * Validates a message, reads its promises, streams and files once, and freezes the outcome. Each property of the
 * caller's objects is read once, at the time of the call, and nothing of them is changed.
 *
 * @throws {InvalidMessageError} with all faults; also when a content could not be read, or not within `deadline`
 * @throws the signal's reason, as soon as the signal aborts
 */
export async function prepare(message: unknown, context: PreparationContext): Promise<MessageDraft> {
  const problems = new Problems();
  const fields = readLayers(message, context.defaults, problems);
  if (fields === undefined) throw new InvalidMessageError(context.id, problems.list());
  const { id, signal, deadline, maxBytes = defaultMaxBytes } = context;
  const head = readHead(fields, context.providerNames);
  const sources = findSources(fields);
  if (isAtHand(sources)) {
    const body = takeTexts(sources);
    if (body.size > maxBytes) refuseSize(problems, maxBytes);
    if (signal.aborted) throw signal.reason;
    return freeze(head, body, id, problems.list());
  }
  const intake = new Intake({ signal, deadline, maxBytes });
  try {
    // Every content begins to be read before the first await: a stream that fails must have a listener by then.
    const body = await readBody(sources, intake);
    if (signal.aborted) throw signal.reason;
    if (intake.ending === "too-large") refuseSize(problems, maxBytes);
    return freeze(head, body, id, problems.list());
  } finally {
    intake.close();
  }
}

function refuseSize(problems: Problems, maxBytes: number): void {
  problems.add("size", `text, html and attachments are more than ${maxBytes} bytes together; no provider takes more`);
}

/** Where the fields come from: the message, and the mailer's defaults behind it. */
interface Layers {
  /** Whether any of them has it. */
  readonly isGiven: (name: FieldName) => boolean;
  /** What the message has, else what the defaults have. */
  readonly find: (name: FieldName) => Found;
  /** What each of them has, the defaults first. */
  readonly findBoth: (name: FieldName) => readonly [Found, Found];
}

function readLayers(message: unknown, defaults: unknown, problems: Problems): Layers | undefined {
  const place = new Place(problems);
  const defaultsPlace = place.key("defaults");
  const own = readFields(message, fieldNames, place, "an object with from, to, subject and a content");
  if (own === undefined) return undefined;
  const inherited = readFields(defaults ?? {}, fieldNames, defaultsPlace, "an object of the fields of a message") ?? {};
  const isGiven = (name: FieldName): boolean => own[name] !== undefined || inherited[name] !== undefined;
  const ownField = (name: FieldName): Found => ({ value: own[name], place: place.key(name) });
  const inheritedField = (name: FieldName): Found => ({ value: inherited[name], place: defaultsPlace.key(name) });
  return {
    isGiven,
    find: (name) => (own[name] === undefined && inherited[name] !== undefined ? inheritedField(name) : ownField(name)),
    findBoth: (name) => [inheritedField(name), ownField(name)],
  };
}

const none: readonly never[] = Object.freeze([]);
const untracked: MessageDraft["tracking"] = Object.freeze({ opens: false, clicks: false });
const noOptions: MessageDraft["providerOptions"] = Object.freeze(Object.create(null));

/** All that needs no waiting. */
function readHead({ isGiven, find, findBoth }: Layers, providerNames: readonly string[]) {
  const read = <T>(name: FieldName, reader: (value: unknown, place: Place) => T): T => {
    const { value, place } = find(name);
    return reader(value, place);
  };
  /** What most messages do not have costs them nothing. */
  const readIfGiven = <T>(name: FieldName, reader: (value: unknown, place: Place) => T, otherwise: T): T =>
    isGiven(name) ? read(name, reader) : otherwise;
  const readMerged = (name: FieldName, reader: typeof readHeaders, keyOf: (name: string) => string) => {
    if (!isGiven(name)) return none;
    const [inherited, own] = findBoth(name);
    return mergeByName(reader(inherited.value, inherited.place), reader(own.value, own.place), keyOf);
  };
  const readAllHeaders = () => {
    const given = readMerged("headers", readHeaders, (name) => name.toLowerCase());
    const written = readIfGiven("unsubscribe", (value, place) => readUnsubscribe(value, place, given), none);
    return written.length === 0 ? given : Object.freeze([...given, ...written]);
  };
  return {
    from: read("from", readSender),
    to: read("to", readRecipients),
    cc: readIfGiven("cc", readAddresses, none),
    bcc: readIfGiven("bcc", readAddresses, none),
    replyTo: readIfGiven("replyTo", readAddresses, none),
    subject: read("subject", readSubject),
    headers: readAllHeaders(),
    tags: readIfGiven("tags", readTags, none),
    metadata: readMerged("metadata", readMetadata, (name) => name),
    template: readIfGiven("template", (value, place) => readTemplate(value, place, providerNames), undefined),
    tracking: readIfGiven("tracking", readTracking, untracked),
    sendAt: readIfGiven("sendAt", readSendAt, undefined),
    providerOptions: readIfGiven(
      "providerOptions",
      (value, place) => readProviderOptions(value, place, providerNames),
      noOptions,
    ),
  };
}

/** Where the contents come from. */
interface Sources {
  readonly text: Found;
  readonly html: Found;
  readonly files: Found | undefined;
}

function findSources({ isGiven, find }: Layers): Sources {
  const text = find("text");
  const html = find("html");
  if (text.value === undefined && html.value === undefined && !isGiven("template")) {
    text.place.refuse("is missing; give text, html or template");
  }
  return { text, html, files: isGiven("attachments") ? find("attachments") : undefined };
}

interface Body {
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly PreparedAttachment[];
  /** Bytes of all of them. */
  readonly size: number;
}

/** Whether there is nothing to wait for: texts alone. */
function isAtHand({ text, html, files }: Sources): boolean {
  return files === undefined && isText(text.value) && isText(html.value);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function takeTexts(sources: Sources): Body {
  const text = takeText(sources.text);
  const html = takeText(sources.html);
  return { text, html, attachments: none, size: sizeOf(text) + sizeOf(html) };
}

function takeText({ value, place }: Found): string | undefined {
  if (typeof value !== "string") return undefined;
  const fault = encodingFault(value);
  return fault === undefined ? value : place.refuse(fault);
}

async function readBody({ text, html, files }: Sources, intake: Intake): Promise<Body> {
  const readings = [intake.settle(readText(text.value, intake)), intake.settle(readText(html.value, intake))] as const;
  const opened = files === undefined ? none : openAttachments(files.value, files.place, intake);
  const [textOutcome, htmlOutcome] = await Promise.all(readings);
  const texts = { text: accept(textOutcome, text.place), html: accept(htmlOutcome, html.place) };
  const attachments = await finishAttachments(opened);
  const bytes = attachments.reduce((sum, { content }) => sum + content.byteLength, 0);
  return { ...texts, attachments, size: sizeOf(texts.text) + sizeOf(texts.html) + bytes };
}

function freeze(
  head: ReturnType<typeof readHead>,
  { text, html, attachments, size }: Body,
  id: string,
  problems: readonly Problem[],
): MessageDraft {
  const { from, to, cc, bcc, replyTo, subject, headers, tags, metadata, tracking, providerOptions } = head;
  if (problems.length > 0 || from === undefined || subject === undefined) throw new InvalidMessageError(id, problems);
  // Written out: a literal made of spreads takes a hundred times as long.
  const draft: { -readonly [K in keyof MessageDraft]: MessageDraft[K] } = {
    from,
    to,
    cc,
    bcc,
    replyTo,
    subject,
    headers,
    tags,
    metadata,
    tracking,
    providerOptions,
    attachments,
    size,
  };
  if (text !== undefined) draft.text = text;
  if (html !== undefined) draft.html = html;
  if (head.template !== undefined) draft.template = head.template;
  if (head.sendAt !== undefined) draft.sendAt = head.sendAt;
  return Object.freeze(draft);
}

function sizeOf(text = ""): number {
  return Buffer.byteLength(text);
}

/** The second wins over the first where names are the same. */
function mergeByName(
  first: readonly NameAndValue[],
  second: readonly NameAndValue[],
  keyOf: (name: string) => string,
): readonly NameAndValue[] {
  const replaced = new Set(second.map(([name]) => keyOf(name)));
  return Object.freeze([...first.filter(([name]) => !replaced.has(keyOf(name))), ...second]);
}

function readSender(value: unknown, place: Place): Address | undefined {
  if (value === undefined) return place.refuse("is missing, here and in the mailer's defaults");
  return readAddress(value, place);
}

function readSubject(value: unknown, place: Place): string | undefined {
  if (typeof value !== "string") return place.refuse(value === undefined ? "is missing" : "must be a string");
  const fault = headerFault(value, { tab: true });
  return fault === undefined ? value : place.refuse(fault);
}

function readTracking(value: unknown, place: Place): MessageDraft["tracking"] {
  const fields =
    value === undefined ? {} : readFields(value, ["opens", "clicks"], place, "an object: { opens?, clicks? }");
  const read = (field: unknown, at: Place): boolean => {
    if (field !== undefined && typeof field !== "boolean") at.refuse("must be a boolean");
    return field === true;
  };
  return Object.freeze({
    opens: read(fields?.opens, place.key("opens")),
    clicks: read(fields?.clicks, place.key("clicks")),
  });
}

function readSendAt(value: unknown, place: Place): number | undefined {
  if (value === undefined) return undefined;
  const { isDate } = process.getBuiltinModule("node:util").types;
  const time = isDate(value) ? Date.prototype.getTime.call(value) : Number.NaN;
  return Number.isNaN(time) ? place.refuse("must be a valid Date") : time;
}

async function readText(value: unknown, intake: Intake): Promise<string | undefined> {
  if (value === undefined) return undefined;
  const text: unknown = await value;
  if (typeof text !== "string") throw new UnreadableError("must be a string, or a promise of one");
  const fault = encodingFault(text);
  if (fault !== undefined) throw new UnreadableError(fault);
  intake.count(Buffer.byteLength(text));
  return text;
}

/** The value, or a problem reported where it was to be. */
function accept<T>(outcome: Outcome<T>, place: Place): T | undefined {
  if ("value" in outcome) return outcome.value;
  return outcome.problem === undefined ? undefined : place.refuse(outcome.problem);
}

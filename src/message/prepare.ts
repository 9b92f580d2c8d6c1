import { types } from "node:util";
import { InvalidMessageError, type Problem } from "../errors.ts";
import { readAddress, readAddresses, readRecipients } from "./addresses.ts";
import { finishAttachments, openAttachments } from "./attachments.ts";
import { type NameAndValue, readHeaders } from "./headers.ts";
import { defaultMaxBytes, Intake, type Outcome, UnreadableError } from "./intake.ts";
import { readMetadata, readTags } from "./labels.ts";
import type { Address, Message, PreparedMessage } from "./message.ts";
import { type ByProvider, type DraftTemplate, readProviderOptions, readTemplate } from "./per-provider.ts";
import { Place, Problems } from "./problems.ts";
import { type Found, readFields } from "./reading.ts";
import { encodingFault, headerFault } from "./text.ts";

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
  readonly signal: AbortSignal;
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
  const maxBytes = context.maxBytes ?? defaultMaxBytes;
  const intake = new Intake({ signal: context.signal, deadline: context.deadline, maxBytes });
  try {
    const head = readHead(fields, context.providerNames);
    // Every content begins to be read before the first await: a stream that fails must have a listener by then.
    const body = await readBody(fields, intake);
    context.signal.throwIfAborted();
    if (intake.ending === "too-large") {
      problems.add(
        "size",
        `text, html and attachments are more than ${maxBytes} bytes together; no provider takes more`,
      );
    }
    return freeze(head, body, context.id, problems.list());
  } finally {
    intake.close();
  }
}

/** Where the fields come from: the message, and the mailer's defaults behind it. */
interface Layers {
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
  const ownField = (name: FieldName): Found => ({ value: own[name], place: place.key(name) });
  const inheritedField = (name: FieldName): Found => ({ value: inherited[name], place: defaultsPlace.key(name) });
  return {
    find: (name) => (own[name] === undefined && inherited[name] !== undefined ? inheritedField(name) : ownField(name)),
    findBoth: (name) => [inheritedField(name), ownField(name)],
  };
}

/** All that needs no waiting. */
function readHead({ find, findBoth }: Layers, providerNames: readonly string[]) {
  const read = <T>(name: FieldName, reader: (value: unknown, place: Place) => T): T => {
    const { value, place } = find(name);
    return reader(value, place);
  };
  const readMerged = (name: FieldName, reader: typeof readHeaders, keyOf: (name: string) => string) => {
    const [inherited, own] = findBoth(name);
    return mergeByName(reader(inherited.value, inherited.place), reader(own.value, own.place), keyOf);
  };
  return {
    from: read("from", readSender),
    to: read("to", readRecipients),
    cc: read("cc", readAddresses),
    bcc: read("bcc", readAddresses),
    replyTo: read("replyTo", readAddresses),
    subject: read("subject", readSubject),
    headers: readMerged("headers", readHeaders, (name) => name.toLowerCase()),
    tags: read("tags", readTags),
    metadata: readMerged("metadata", readMetadata, (name) => name),
    template: read("template", (value, place) => readTemplate(value, place, providerNames)),
    tracking: read("tracking", readTracking),
    sendAt: read("sendAt", readSendAt),
    providerOptions: read("providerOptions", (value, place) => readProviderOptions(value, place, providerNames)),
  };
}

async function readBody({ find }: Layers, intake: Intake) {
  const [text, html, template, files] = [find("text"), find("html"), find("template"), find("attachments")];
  if (text.value === undefined && html.value === undefined && template.value === undefined) {
    text.place.refuse("is missing; give text, html or template");
  }
  const readings = [intake.settle(readText(text.value, intake)), intake.settle(readText(html.value, intake))] as const;
  const opened = openAttachments(files.value, files.place, intake);
  const [textOutcome, htmlOutcome] = await Promise.all(readings);
  return {
    text: accept(textOutcome, text.place),
    html: accept(htmlOutcome, html.place),
    attachments: await finishAttachments(opened),
  };
}

function freeze(
  head: ReturnType<typeof readHead>,
  { text, html, attachments }: Awaited<ReturnType<typeof readBody>>,
  id: string,
  problems: readonly Problem[],
): MessageDraft {
  const { from, subject, template, sendAt, ...rest } = head;
  if (problems.length > 0 || from === undefined || subject === undefined) throw new InvalidMessageError(id, problems);
  return Object.freeze({
    ...rest,
    from,
    subject,
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(template === undefined ? {} : { template }),
    ...(sendAt === undefined ? {} : { sendAt }),
    attachments,
    size: sizeOf(text) + sizeOf(html) + attachments.reduce((sum, { content }) => sum + content.byteLength, 0),
  });
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
  const time = types.isDate(value) ? Date.prototype.getTime.call(value) : Number.NaN;
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

import { InvalidMessageError, isSteadyMailError } from "../errors.ts";
import type { BatchContent } from "../message/batch.ts";
import { messageFor } from "../message/for-provider.ts";
import { MergeText } from "../message/merge-text.ts";
import type { Address, Message } from "../message/message.ts";
import { type MessageDraft, type PreparationContext, prepare } from "../message/prepare.ts";
import { Place, Problems } from "../message/problems.ts";
import { guarded, isObject } from "../message/reading.ts";
import { headerGiven, parseUnsubscribe, setsUnsubscribe, type Unsubscribe } from "../message/unsubscribe.ts";

/** What every recipient of a campaign gets: a message without recipients, whose texts may hold `{{placeholders}}`. */
export type BulkMessage<N extends string = string> = Omit<Message<N>, "to" | "cc" | "bcc">;

type MergeFields = readonly (readonly [name: string, text: MergeText])[];

/** The content of a campaign, read once. */
export interface CampaignContent {
  readonly draft: MessageDraft;
  readonly subject: MergeText;
  readonly text: MergeText | undefined;
  readonly html: MergeText | undefined;
  readonly headers: MergeFields;
  readonly metadata: MergeFields;
  readonly unsubscribe: Unsubscribe;
  /** Every variable that something of it names. */
  readonly names: readonly string[];
}

/** Stands where a recipient will; `.invalid` can be nobody's (RFC 2606). */
const nobody = "recipient@example.invalid";

/**
 * Reads the message of a campaign.
 *
 * @throws {InvalidMessageError} with all faults
 */
export async function readContent(message: unknown, context: PreparationContext): Promise<CampaignContent> {
  const problems = new Problems();
  const place = new Place(problems);
  const { fields, unsubscribe } = readOwn(message, context.defaults, place);
  if (fields === undefined) throw new InvalidMessageError(context.id, problems.list());
  const draft = await prepare(fields, context).catch((error: unknown) => {
    if (!isSteadyMailError(error) || error.kind !== "invalid") throw error;
    throw new InvalidMessageError(context.id, [...problems.list(), ...error.problems]);
  });
  for (const field of ["cc", "bcc"] as const) {
    if (draft[field].length > 0)
      place.key("defaults").key(field).refuse("is not for a campaign: all would get a copy of each mail");
  }
  if (unsubscribe && setsUnsubscribe(draft.headers)) place.key("unsubscribe").refuse(headerGiven);
  const parse = (text: string, at: Place): MergeText => MergeText.parse(text, at) ?? MergeText.literal("");
  const parseAll = (list: MessageDraft["headers"], at: Place): MergeFields =>
    list.map(([name, value], position) => [name, parse(value, at.key(name, position))]);
  const { subject, text, html, headers, metadata } = draft;
  const content = {
    draft,
    subject: parse(subject, place.key("subject")),
    text: text === undefined ? undefined : parse(text, place.key("text")),
    html: html === undefined ? undefined : parse(html, place.key("html")),
    headers: parseAll(headers, place.key("headers")),
    metadata: parseAll(metadata, place.key("metadata")),
  };
  const list = problems.list();
  if (list.length > 0 || !unsubscribe) throw new InvalidMessageError(context.id, list);
  return { ...content, unsubscribe, names: namesIn(content, unsubscribe) };
}

/** The caller's own fields, with a recipient in place of those to come. */
function readOwn(message: unknown, defaults: unknown, place: Place) {
  const own = guarded(place, () => {
    if (!isObject(message)) return place.refuse("must be an object with from, subject and a content");
    const own: Record<string, unknown> = { ...message };
    for (const field of ["to", "cc", "bcc"]) {
      if (own[field] !== undefined) {
        place.key(field).refuse("is not for a campaign: recipients are given beside the message");
      }
      delete own[field];
    }
    return own;
  });
  if (own === undefined) return { fields: undefined, unsubscribe: undefined };
  const inherited = guarded(place.key("defaults"), () => Reflect.get(Object(defaults ?? {}), "unsubscribe"));
  const given: unknown = Reflect.get(own, "unsubscribe") ?? inherited;
  const at = place.key("unsubscribe");
  const unsubscribe =
    given === undefined
      ? at.refuse("is missing: bulk mail owes its recipients a way out (RFC 8058); or say false, if it needs none")
      : parseUnsubscribe(given, at);
  return { fields: { ...own, to: nobody, unsubscribe: false }, unsubscribe };
}

function namesIn(
  { subject, text, html, headers, metadata }: Omit<CampaignContent, "names" | "unsubscribe" | "draft">,
  unsubscribe: Unsubscribe,
): readonly string[] {
  const texts = [subject, text, html, ...[...headers, ...metadata].map(([, each]) => each)];
  return [...new Set([...texts.flatMap((each) => each?.names ?? []), ...unsubscribe.names])];
}

/** The content as one provider is to send it. */
export function contentAt(
  { draft, text, html }: CampaignContent,
  provider: string,
  view: { readonly from: Address; readonly drop: readonly string[] },
): BatchContent {
  const { text: _text, html: _html, ...common } = messageFor(draft, provider, view);
  return Object.freeze({
    common: Object.freeze({ ...common, to: [], subject: "", headers: [], metadata: [] }),
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
  });
}

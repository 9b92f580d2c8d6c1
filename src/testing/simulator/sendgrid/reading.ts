import { decodeWords } from "postal-mime";
import type { Address } from "../../../message/message.ts";
import { decodeBase64 } from "../base64.ts";
import { defined, type ReceivedAttachment, type ReceivedMessage, splitMetadata, tracking } from "../inbox.ts";
import { booleanAt, listAt, numberAt, objectAt, stringAt, stringEntries, stringsAt, valueAt } from "../json-value.ts";

/** One message for each personalization: what it says goes before what the request says for all. */
export function readMessages(id: string, body: unknown): readonly ReceivedMessage[] {
  return listAt(body, "personalizations").map((part) => {
    const sendAt = numberAt(part, "send_at") ?? numberAt(body, "send_at");
    const templateId = stringAt(body, "template_id");
    const single = valueAt(body, "reply_to");
    const replaced = substitute(stringEntries(valueAt(part, "substitutions")));
    return {
      id,
      at: new Date(),
      from: readAddress(valueAt(part, "from") ?? valueAt(body, "from")),
      to: listAt(part, "to").map(readAddress),
      cc: listAt(part, "cc").map(readAddress),
      bcc: listAt(part, "bcc").map(readAddress),
      replyTo: (single === undefined ? listAt(body, "reply_to_list") : [single]).map(readAddress),
      subject: replaced(stringAt(part, "subject") ?? stringAt(body, "subject") ?? ""),
      ...defined({ text: contentOf(body, "text/plain", replaced), html: contentOf(body, "text/html", replaced) }),
      attachments: listAt(body, "attachments").map(readAttachment),
      headers: Object.entries({ ...objectAt(body, "headers"), ...objectAt(part, "headers") }).map(
        ([name, value]) => [name, decodeWords(String(value))] as const,
      ),
      tags: stringsAt(body, "categories"),
      ...splitMetadata([
        ...[...stringEntries(valueAt(body, "custom_args")), ...stringEntries(valueAt(part, "custom_args"))].map(
          ([name, value]) => [name, replaced(value)] as const,
        ),
      ]),
      ...(templateId === undefined
        ? {}
        : { template: { id: templateId, variables: objectAt(part, "dynamic_template_data") } }),
      ...tracking(
        booleanAt(body, "tracking_settings", "open_tracking", "enable"),
        booleanAt(body, "tracking_settings", "click_tracking", "enable"),
      ),
      ...(sendAt === undefined ? {} : { sendAt: new Date(sendAt * 1_000) }),
      raw: body,
    };
  });
}

function readAddress(entry: unknown): Address {
  return { ...defined({ name: unquoted(stringAt(entry, "name")) }), address: stringAt(entry, "email") ?? "" };
}

function contentOf(body: unknown, type: string, replaced: (text: string) => string): string | undefined {
  const part = listAt(body, "content").find((candidate) => stringAt(candidate, "type") === type);
  const value = stringAt(part, "value");
  return value === undefined ? undefined : replaced(value);
}

/** Replaces the tags in one pass: subject, bodies and custom arguments are looked through, headers are not. */
function substitute(substitutions: readonly (readonly [tag: string, value: string])[]): (text: string) => string {
  if (substitutions.length === 0) return (text) => text;
  const values = new Map(substitutions);
  const longestFirst = [...values.keys()].toSorted((a, b) => b.length - a.length);
  const tags = new RegExp(longestFirst.map((tag) => tag.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&")).join("|"), "gu");
  return (text) => text.replace(tags, (tag) => values.get(tag) ?? tag);
}

function readAttachment(attachment: unknown): ReceivedAttachment {
  const inline = stringAt(attachment, "disposition") === "inline";
  return {
    filename: stringAt(attachment, "filename") ?? "",
    contentType: stringAt(attachment, "type") ?? "application/octet-stream",
    ...defined({ contentId: inline ? stringAt(attachment, "content_id") : undefined }),
    content: decodeBase64(stringAt(attachment, "content") ?? "") ?? new Uint8Array(),
  };
}

/** A name goes into the header as it is, so one with a comma comes in quotes (RFC 5322, section 3.2.4). */
function unquoted(name: string | undefined): string | undefined {
  const inner = /^"((?:[^"\\]|\\.)*)"$/su.exec(name ?? "")?.[1];
  return inner === undefined ? name : inner.replace(/\\(.)/gsu, "$1");
}

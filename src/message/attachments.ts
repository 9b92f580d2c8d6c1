import { extname } from "node:path";
import { types } from "node:util";
import { lookup } from "mrmime";
import { readBytes, readFile } from "./byte-source.ts";
import { type Intake, type Outcome, UnreadableError } from "./intake.ts";
import type { PreparedAttachment } from "./message.ts";
import type { Place } from "./problems.ts";
import { isObject, readFields, readLabel, readList } from "./reading.ts";
import { encodingFault } from "./text.ts";

/** An attachment whose fields are known and whose content is being read. */
export interface OpenedAttachment {
  readonly place: Place;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  readonly contentId: string | undefined;
  readonly content: Promise<Outcome<Uint8Array>>;
}

const fieldNames = ["filename", "contentType", "contentId", "content", "encoding", "path"] as const;
type Fields = Partial<Record<(typeof fieldNames)[number], unknown>>;

const defaultType = "application/octet-stream";
/** Type and subtype (RFC 2045 §5.1), perhaps parameters, all of it printable ASCII. */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?: *;[ -~]*)?$/;
/** Printable ASCII without brackets or quotes: what can stand between the brackets of Content-ID and in a cid: URL. */
const contentIdText = /^[!#-;=?-~]+$/;

/** Validates each attachment and begins to read its content, all of them at once. */
export function openAttachments(value: unknown, place: Place, intake: Intake): readonly OpenedAttachment[] {
  if (value === undefined) return [];
  const contentIds = new Set<string>();
  const found = readList(value, place, "an array of attachments") ?? [];
  return found.flatMap((item) => {
    const fields = readFields(item.value, fieldNames, item.place, "an attachment: { filename, content } or the like");
    return fields === undefined ? [] : [openAttachment(fields, item.place, contentIds, intake)];
  });
}

function openAttachment(fields: Fields, place: Place, contentIds: Set<string>, intake: Intake): OpenedAttachment {
  const filename = readLabel(fields.filename, place.key("filename"));
  return {
    place: place.key(fields.content === undefined && fields.path !== undefined ? "path" : "content"),
    filename,
    contentType: readContentType(fields.contentType, filename, place.key("contentType")),
    contentId: readContentId(fields.contentId, contentIds, place.key("contentId")),
    content: intake.settle(readContent(fields, intake)),
  };
}

/** Waits for the contents; what could not be read is reported in the order of the attachments. */
export async function finishAttachments(opened: readonly OpenedAttachment[]): Promise<readonly PreparedAttachment[]> {
  const outcomes = await Promise.all(opened.map(({ content }) => content));
  return Object.freeze(
    opened.flatMap(({ place, filename, contentType, contentId }, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return [];
      if ("problem" in outcome) {
        if (outcome.problem !== undefined) place.refuse(outcome.problem);
        return [];
      }
      if (filename === undefined || contentType === undefined) return [];
      return [Object.freeze({ filename, contentType, ...(contentId && { contentId }), content: outcome.value })];
    }),
  );
}

function readContentType(value: unknown, filename: string | undefined, place: Place): string | undefined {
  if (value === undefined) return typeByName(filename);
  const type = readLabel(value, place);
  if (type === undefined) return undefined;
  return mediaType.test(type) ? type : place.refuse('is not a media type such as "application/pdf"');
}

function typeByName(filename = ""): string {
  // An extension such as .constructor would find what every object inherits.
  const type: unknown = lookup(extname(filename));
  return typeof type === "string" ? type : defaultType;
}

function readContentId(value: unknown, seen: Set<string>, place: Place): string | undefined {
  if (value === undefined) return undefined;
  const text = readLabel(value, place);
  if (text === undefined) return undefined;
  const id = /^<(.*)>$/.exec(text)?.[1] ?? text;
  if (!contentIdText.test(id)) return place.refuse('is no Content-ID, such as "logo" or "logo@example.com"');
  if (seen.has(id)) return place.refuse("is the Content-ID of an earlier attachment too");
  seen.add(id);
  return id;
}

async function readContent({ content, encoding, path }: Fields, intake: Intake): Promise<Uint8Array> {
  if (path !== undefined) {
    if (content !== undefined) throw new UnreadableError("is given beside path; give one of them");
    if (typeof path !== "string") throw new UnreadableError("must be a string");
    return readFile(path, intake);
  }
  if (content === undefined) throw new UnreadableError("is missing; give content or path");
  if (typeof content === "string") return decode(content, encoding, intake);
  if (encoding !== undefined) throw new UnreadableError("has an encoding although it is not a string");
  if (types.isUint8Array(content)) {
    intake.count(content.byteLength);
    return new Uint8Array(content);
  }
  // Anything that is no object is no source of bytes either, and is told so there.
  return readBytes(isObject(content) ? content : {}, intake);
}

function decode(content: string, encoding: unknown, intake: Intake): Uint8Array {
  if (encoding === "utf8") return encodeUtf8(content, intake);
  if (encoding === "base64") return decodeBase64(content, intake);
  throw new UnreadableError('is a string and so needs an encoding, "utf8" or "base64"');
}

function encodeUtf8(content: string, intake: Intake): Uint8Array {
  const fault = encodingFault(content);
  if (fault !== undefined) throw new UnreadableError(fault);
  intake.count(Buffer.byteLength(content));
  return new TextEncoder().encode(content);
}

function decodeBase64(content: string, intake: Intake): Uint8Array {
  const text = content.replace(/\s+/g, "");
  intake.count(Buffer.byteLength(text, "base64"));
  // Buffer reads anything as base64, so what it read has to give the same text again.
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new UnreadableError("is not valid base64 (RFC 4648 §4, with padding)");
  return new Uint8Array(bytes);
}

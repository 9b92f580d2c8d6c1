import type { Problem } from "../errors.ts";
import { nameOf } from "../printable.ts";
import type { NodemailerMail } from "./mail.ts";
import { type Fields, isFields } from "./mail.ts";
import { isSet, partsOf } from "./uncarried.ts";

/** What the parts of a message hold, by their path (`text`, `attachments[0]`). */
export type Contents = ReadonlyMap<string, Uint8Array | string>;

/**
 * Reads every part at once, by Nodemailer's own means: streams, files, URLs, `data:` URIs, encoded texts.
 *
 * @returns what could not be read beside it, by code alone: a path or a URL may hold what no error should
 */
export async function readContents(
  mail: NodemailerMail,
): Promise<{ readonly contents: Contents; readonly problems: readonly Problem[] }> {
  const contents = new Map<string, Uint8Array | string>();
  const problems: Problem[] = [];
  await Promise.all(
    partsOf({ ...mail.data }).map(async ({ path, part }) => {
      try {
        const content = isEmpty(part) ? "" : await resolve(mail, part);
        if (typeof content === "string" || content instanceof Uint8Array) contents.set(path, content);
        else problems.push({ path, message: "is neither text nor bytes, nor a stream of Node.js" });
      } catch (error) {
        problems.push({ path, message: `could not be read (${nameOf(error)})` });
      }
    }),
  );
  return { contents, problems };
}

function resolve(mail: NodemailerMail, part: unknown): Promise<unknown> {
  return new Promise((done, fail) => {
    // In a holder of its own, since what was read would else replace the caller's stream.
    const holder = { part: isDescription(part) ? { ...part } : part };
    mail.resolveContent(holder, "part", (error, value) => (error ? fail(error) : done(value)));
  });
}

/** An attachment without a content is an empty one. */
function isEmpty(part: unknown): boolean {
  return isDescription(part) && !["content", "path", "href"].some((name) => isSet(part[name]));
}

/** What tells where a content is, and is none itself, as a `Blob` or a web stream are. */
function isDescription(part: unknown): part is Fields {
  const names = ["content", "path", "href", "filename", "contentType", "cid"];
  return isFields(part) && !("pipe" in part) && names.some((name) => name in part);
}

export function textOf(content: Uint8Array | string): string {
  return typeof content === "string" ? content : Buffer.from(content).toString("utf8");
}

export function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? Buffer.from(content, "utf8") : content;
}

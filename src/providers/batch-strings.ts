import type { PreparedBatch } from "../message/batch.ts";
import type { MergeText } from "../message/merge-text.ts";
import { ownStrings } from "../message/own-strings.ts";

/** What no error may repeat of the mails of a batch. */
export function batchStrings({ content, recipients }: PreparedBatch): readonly string[] {
  const inCommon = ownStrings({
    ...content.common,
    ...(content.text && { text: wordsIn(content.text) }),
    ...(content.html && { html: wordsIn(content.html) }),
    to: recipients.map(({ to }) => to),
    headers: recipients.flatMap(({ headers }) => headers),
    metadata: recipients.flatMap(({ metadata }) => metadata),
  });
  return [...inCommon, ...recipients.flatMap(({ subject, variables }) => [subject, ...variables.values()])];
}

/** What stands between placeholders, as lines of their own: what they are filled with differs. */
function wordsIn({ literals }: MergeText): string {
  return literals.join("\n");
}

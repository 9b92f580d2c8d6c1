import { type Failure, ProviderError } from "../failure.ts";
import type { PreparedBatch } from "../message/batch.ts";
import type { WireResponse } from "../wire/wire.ts";
import type { BatchResult } from "./provider.ts";
import { type Answers, refusal, type Statement } from "./verdict.ts";

/** What an ESP says of one recipient of a batch: its id of the mail, or why it did not take it. */
export type Entry = { readonly id: string } | { readonly statement: Statement };

/** How to read one ESP's answers to a batch, where they speak of each recipient. */
export interface EntryAnswers extends Pick<Answers, "rules" | "wait"> {
  /**
   * What it says of each recipient, in their order, and nothing of those of whom it says nothing; `undefined` for an
   * answer that speaks of the batch as a whole.
   */
  entries(response: WireResponse, batch: PreparedBatch): readonly (Entry | undefined)[] | undefined;
}

/** The answers of an ESP that gives one receipt for all. */
export function oneReceiptForAll(answers: Answers): EntryAnswers {
  return {
    rules: answers.rules,
    entries(response, { recipients }) {
      const id = answers.receipt(response);
      return id === undefined ? undefined : recipients.map(() => ({ id }));
    },
  };
}

/** Where one was to be told of and is not, that may be a slip of the answer alone. */
const silence: Statement = { own: false, text: "", taken: true };

/**
 * What became of each recipient.
 *
 * @param answers how to read what is said of the batch as a whole
 * @param secrets what must not appear in an error
 * @throws ProviderError for what became of all of them
 */
export function judgeBatch(
  response: WireResponse,
  batch: PreparedBatch,
  answers: Answers,
  entryAnswers: EntryAnswers,
  secrets: () => readonly string[],
): readonly BatchResult[] {
  const entries = entryAnswers.entries(response, batch);
  if (!entries) throw new ProviderError(refusal(response, answers, answers.statement(response), secrets));
  let known: readonly string[] | undefined;
  const own = () => {
    known ??= secrets();
    return known;
  };
  // An ESP repeats itself, and the redaction of many is dear.
  const failures = new Map<string, Failure>();
  const results = entries.map((entry): BatchResult => {
    if (entry && "id" in entry) return { providerMessageId: entry.id };
    const statement = entry?.statement ?? silence;
    const key = JSON.stringify(statement);
    const failure = failures.get(key) ?? refusal(response, entryAnswers, statement, own);
    failures.set(key, failure);
    return { failure };
  });
  const shared = commonFailure(results);
  if (shared) throw new ProviderError(shared);
  return results;
}

/** What the ESP says of every recipient, where it is not about the mails: that the account cannot send, say. */
function commonFailure(results: readonly BatchResult[]): Failure | undefined {
  const [first] = results;
  if (!first || !("failure" in first) || first.failure.scope === "message") return undefined;
  const { reason } = first.failure;
  return results.every((result) => "failure" in result && result.failure.reason === reason) ? first.failure : undefined;
}

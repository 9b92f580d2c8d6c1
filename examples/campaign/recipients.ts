import { createHmac } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream";
import { pipeline as piped } from "node:stream/promises";
import { parse } from "csv-parse";
import type { BulkRecipient } from "steadymail";

/** Whoever knows it can unsubscribe others: in a program of yours it is a secret. */
const secret = "example";

/** The recipients of a CSV file, one at a time: a column `to`, and one for each variable of the message. */
export async function* recipientsIn(file: string): AsyncGenerator<BulkRecipient, void, undefined> {
  const rows: AsyncIterable<Readonly<Record<string, string>>> = pipeline(
    createReadStream(file),
    parse({ columns: true, bom: true, trim: true, skip_empty_lines: true }),
    () => {}, // what fails is thrown by the loop too
  );
  for await (const { to, ...variables } of rows) {
    if (to === undefined) throw new Error('it has no column "to"');
    yield { to, variables: { ...variables, token: createHmac("sha256", secret).update(to).digest("base64url") } };
  }
}

/** Writes a list to try a campaign with: the same for the same size, as a checkpoint wants it. */
export async function writeSample(file: string, size: number): Promise<void> {
  await piped(linesOf(size), createWriteStream(file));
}

const names = ["Ada", "Zoë", '"Grace ""Amazing"""', "花子", '"Doe, Jane"', "<Ivan>", "Nuñez & Søn", "{{Ben}}"];

function* linesOf(size: number): Generator<string> {
  yield "to,firstName\n";
  for (let index = 0; index < size; index += 1)
    yield `reader${index + 1}@mail.example,${names[index % names.length]}\n`;
}

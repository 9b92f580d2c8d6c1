import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { recipientsIn, writeSample } from "./recipients.ts";

const usage = "usage: npm run campaign -- [--file RECIPIENTS.csv] [--checkpoint FILE] [--outage] [--recipients N]";

/** The command cannot be carried out as it was given. */
export class CommandError extends Error {}

export interface Command {
  readonly file: string;
  readonly checkpointFile: string;
  /** Recipients in the file. */
  readonly total: number;
  readonly outage: boolean;
  /** Nobody said which file and which checkpoint. */
  readonly isSample: boolean;
}

/** @throws CommandError */
export async function readCommand(args: string[]): Promise<Command> {
  const { file, checkpoint, outage = false, recipients = "20000" } = parse(args);
  if (!/^[1-9]\d{0,6}$/.test(recipients)) throw new CommandError(`--recipients is no number from 1.\n${usage}`);
  const path = file ?? join(tmpdir(), `steadymail-sample-${recipients}.csv`);
  if (file === undefined) await writeSample(path, Number(recipients));
  const checkpointFile = checkpoint ?? `${path}.checkpoint.json`;
  const total = await countRecipients(path);
  return { file: path, checkpointFile, total, outage, isSample: file === undefined && checkpoint === undefined };
}

function parse(args: string[]) {
  const string = { type: "string" } as const;
  const options = { file: string, checkpoint: string, recipients: string, outage: { type: "boolean" } } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new CommandError(`${wordsOf(error)}\n${usage}`);
  }
}

async function countRecipients(path: string): Promise<number> {
  try {
    let count = 0;
    for await (const _ of recipientsIn(path)) count += 1;
    return count;
  } catch (error) {
    throw new CommandError(`Cannot read ${path}: ${wordsOf(error)}`);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

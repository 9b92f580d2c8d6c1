import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { shown } from "../printable.ts";
import { type CampaignState, type Checkpoint, CheckpointError, isCampaignState } from "./checkpoint.ts";

/**
 * A checkpoint in a file, which is always whole: a new state replaces the old one only once it is on the disk. The file
 * holds no address and no text of a mail.
 *
 * Keep it where a new process finds it again. One that is done stays: the same campaign, started again, sends nothing.
 *
 * @param path of the file; beside it, one with `.new` at its end comes and goes. Their folder must exist
 * @returns what `sendBulk` takes; a file that cannot be read or written, or is no checkpoint, ends the campaign with a
 *   CheckpointError
 * @throws TypeError for a path that is missing or empty
 */
export function fileCheckpoint(path: string): Checkpoint {
  if (typeof path !== "string" || path === "") {
    throw new TypeError(`fileCheckpoint: path must be a string that is not empty, but is ${shown(path)}`);
  }
  return {
    async load() {
      const text = await readFile(path, "utf8").catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      });
      return text === undefined ? undefined : stateIn(text, path);
    },
    async save(state) {
      const temporary = `${path}.new`;
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(JSON.stringify(state));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await flushFolder(dirname(path));
    },
  };
}

/** Else the new name might not survive a loss of power. Not every system can do that. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

function stateIn(text: string, path: string): CampaignState {
  const state = parsed(text);
  if (isCampaignState(state)) return state;
  throw new CheckpointError(`${path} is no checkpoint: it holds something else than a campaign's state`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

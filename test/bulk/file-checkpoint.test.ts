import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CampaignState, CheckpointError, createMailer, fileCheckpoint } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { newsletter, recipients } from "./support.ts";

const state: CampaignState = {
  version: 1,
  id: "spring",
  content: "c",
  read: 10,
  recipients: "r",
  settled: [[0, 4]],
  inFlight: [[5, 9]],
  unknown: [],
  counts: { accepted: 4, rejected: 1, unknown: 0, suppressed: 0 },
};

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "steadymail-checkpoint-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("A checkpoint in a file", () => {
  test.each([[undefined], [""], [new URL("file:///tmp/state")]])("needs a path: %s is refused at once", (path) => {
    expect(() => Reflect.apply(fileCheckpoint, undefined, [path])).toThrow(/^fileCheckpoint: path must be a string/);
  });

  test("holds nothing before something is saved", async () => {
    expect(await fileCheckpoint(join(folder, "state")).load()).toBe(undefined);
    expect(await readdir(folder)).toEqual([]);
  });

  test("gives back what was saved last, to whoever opens it", async () => {
    const path = join(folder, "state");
    const checkpoint = fileCheckpoint(path);
    await checkpoint.save({ ...state, read: 5, inFlight: [] });
    await checkpoint.save(state);
    expect(await fileCheckpoint(path).load()).toEqual(state);
    expect(await readdir(folder)).toEqual(["state"]);
  });

  test("is for nobody else to read", async () => {
    const path = join(folder, "state");
    await fileCheckpoint(path).save(state);
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  test("is whole although a process ended while it wrote", async () => {
    const path = join(folder, "state");
    await fileCheckpoint(path).save(state);
    await writeFile(`${path}.new`, '{"version":1,"id":"spr');
    expect(await fileCheckpoint(path).load()).toEqual(state);
    await fileCheckpoint(path).save({ ...state, read: 11 });
    expect(await fileCheckpoint(path).load()).toEqual({ ...state, read: 11 });
    expect(await readdir(folder)).toEqual(["state"]);
  });

  test.each(["", "{", "state"])("that holds %j is refused", async (text) => {
    const path = join(folder, "state");
    await writeFile(path, text);
    await expect(fileCheckpoint(path).load()).rejects.toBeInstanceOf(CheckpointError);
  });

  test.each<[string, () => Promise<string>]>([
    [
      "whose folder is none",
      async () => {
        await writeFile(join(folder, "file"), "");
        return join(folder, "file", "state");
      },
    ],
    ["that is a folder", async () => folder],
  ])("%s ends the campaign, and says why without its words", async (_, path) => {
    const mailer = createMailer({ providers: [memoryProvider({ name: "a", batch: 10 })] });
    const checkpoint = fileCheckpoint(await path());
    const finished = mailer.sendBulk({ message: newsletter, recipients: recipients(20) }, { checkpoint }).finish();
    await expect(finished).rejects.toBeInstanceOf(CheckpointError);
    await expect(finished).rejects.toThrow(/ENOTDIR|EISDIR/);
  });

  test("whose folder does not exist ends the campaign before anything is sent", async () => {
    const provider = memoryProvider({ name: "a", batch: 10 });
    const mailer = createMailer({ providers: [provider] });
    const checkpoint = fileCheckpoint(join(folder, "none", "state"));
    const finished = mailer.sendBulk({ message: newsletter, recipients: recipients(20) }, { checkpoint }).finish();
    await expect(finished).rejects.toThrow(/ENOENT/);
    expect(provider.attempts).toBe(0);
  });

  test("takes a campaign to its end, and the next one of the same finds nothing to do", async () => {
    const path = join(folder, "state");
    const provider = memoryProvider({ name: "a", batch: 10 });
    const run = () =>
      createMailer({ providers: [provider] })
        .sendBulk({ message: newsletter, recipients: recipients(100) }, { checkpoint: fileCheckpoint(path) })
        .finish();
    expect(await run()).toMatchObject({ accepted: 100, state: "finished" });
    expect(await run()).toMatchObject({ accepted: 100, state: "finished" });
    expect(provider.inbox).toHaveLength(100);
    expect(await readFile(path, "utf8")).not.toMatch(/@|Reader|News/);
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { useEsps } from "../contract/support/esps.ts";
import { attachments } from "./message-support/attachments.ts";
import { body } from "./message-support/bodies.ts";
import { candidatesOf } from "./message-support/candidates.ts";
import { Desk } from "./message-support/desk.ts";
import { judgeFamily } from "./message-support/family.ts";

const directory = await mkdtemp(join(tmpdir(), "steadymail-"));
afterAll(() => rm(directory, { recursive: true }));
const files = {
  directory,
  path: join(directory, "zorilla.bin"),
  bytes: Uint8Array.from({ length: 256 }, (_, byte) => byte),
};
await writeFile(files.path, files.bytes);

judgeFamily("attachments", new Desk(await useEsps()), candidatesOf({ attachments: attachments(files), html: body }));

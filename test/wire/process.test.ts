import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createWire } from "../../src/wire/client.ts";
import { Limits, post, serverThat } from "./harness.ts";
import { answerOk, schemes } from "./raw-server.ts";

const path = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

it("a kept connection that nobody comes back for is closed after a while", async () => {
  const esp = await serverThat(answerOk);
  await createWire().request(post(esp.url), new Limits());
  expect(esp.open).toBe(1);

  await esp.until(() => esp.open === 0);
});

it.each(schemes)("a process ends by itself while a kept connection over %s idles", async (scheme) => {
  const esp = await serverThat(answerOk, scheme);
  const run = promisify(execFile)(process.execPath, ["--import", "tsx", path("one-request.ts"), esp.url.href], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: path("cert.pem") },
  });

  const { stdout } = await run;

  expect(stdout.trim().split("\n")).toEqual(["200", "200"]);
  // The second request was made when nothing held the process: it found the connection of the first still open.
  expect(esp.connections).toHaveLength(1);
});

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

/** The server of floods, for all tests of a file. To be called at the top of the file. */
export function useFloods(): { url(name: string): string; poured(name: string): Promise<number> } {
  let child: ChildProcess | undefined;
  let port = 0;
  beforeAll(async () => {
    child = fork(fileURLToPath(new URL("flood-server.ts", import.meta.url)), { execArgv: ["--import", "tsx"] });
    port = numberIn(await once(child, "message"), "port");
  });
  afterAll(async () => {
    if (!child) return;
    const exited = once(child, "exit");
    child.disconnect();
    await exited;
  });
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    async poured(name) {
      if (!child) throw new Error("the server has not been started");
      const told = once(child, "message");
      child.send("how much?");
      const [{ poured }] = await told;
      return poured[name] ?? 0;
    },
  };
}

function numberIn([message]: unknown[], name: string): number {
  const value: unknown = Object(message)[name];
  if (typeof value !== "number") throw new Error(`the server did not tell its ${name}`);
  return value;
}

/**
 * Bytes that the process came to hold at most, beyond what it held before, while the work was under way: of the system,
 * and of the heap with what belongs to it, since the process may have pages left from earlier work.
 */
export async function growthDuring(work: Promise<unknown>): Promise<number> {
  const before = held();
  let growth = 0;
  let pending = true;
  const done = () => {
    pending = false;
  };
  work.then(done, done);
  while (pending) {
    await new Promise((resolve) => setImmediate(resolve));
    const { resident, used } = held();
    growth = Math.max(growth, resident - before.resident, used - before.used);
  }
  return growth;
}

function held(): { readonly resident: number; readonly used: number } {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, used: heapUsed + external };
}

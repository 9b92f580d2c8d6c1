import { vi } from "vitest";
import type { RawServer } from "../../wire/raw-server.ts";

/** The time limit of an attempt; it passes only when nothing else happens any more. */
export const limit = 10_000;

/** Turns of the event loop without a byte after which nothing will come by itself. */
const quietTurns = 40;

/** Lets time pass when nothing moves any more at the servers; whoever has not ended when its time limit is over never will. */
export async function settleAll<T>(
  work: readonly Promise<T>[],
  servers: readonly RawServer[],
): Promise<readonly PromiseSettledResult<T>[]> {
  let settled = 0;
  const count = () => {
    settled++;
  };
  for (const each of work) each.then(count, count);
  for (let passed = 0; settled < work.length; passed++) {
    if (passed > 2) throw new Error(`${work.length - settled} sends hang beyond their time limit`);
    await quiet(() => settled + movedBytes(servers));
    if (settled < work.length) await vi.advanceTimersByTimeAsync(limit);
  }
  return Promise.allSettled(work);
}

async function quiet(progress: () => number): Promise<void> {
  for (let still = 0, last = progress(); still < quietTurns; still++) {
    await turn();
    const now = progress();
    if (now !== last) still = 0;
    last = now;
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function movedBytes(servers: readonly RawServer[]): number {
  const sockets = servers.flatMap(({ tcp }) => tcp);
  return sockets.reduce((sum, socket) => sum + socket.bytesRead + socket.bytesWritten - socket.writableLength, 0);
}

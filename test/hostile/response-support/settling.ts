import { vi } from "vitest";
import type { RawServer } from "../../wire/raw-server.ts";

/** The time limit of an attempt; it passes only when nothing else happens any more. */
export const limit = 10_000;

/** Turns of the event loop without a byte after which nothing will come by itself, if enough time went by too. */
const quietTurns = 40;

/** What is still on its way, in the kernel or in a thread that unzips, moves within this real time, ms. */
const quietTime = 50;

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
    await allAsked(servers);
    await quiet(
      () => settled + movedBytes(servers),
      () => settled === work.length,
    );
    if (settled < work.length) await vi.advanceTimersByTimeAsync(limit);
  }
  return Promise.allSettled(work);
}

/** The first request of a process takes long: its SDK loads more then. */
async function allAsked(servers: readonly RawServer[]): Promise<void> {
  const began = process.hrtime.bigint();
  while (servers.some(({ requests }) => requests.length === 0) && millisecondsSince(began) < limit) await turn();
}

async function quiet(progress: () => number, done: () => boolean): Promise<void> {
  let last = progress();
  let since = process.hrtime.bigint();
  // A process that had no turn itself has not seen that nothing moves: turns are counted too.
  for (let turns = 0; turns < quietTurns || millisecondsSince(since) < quietTime; turns++) {
    await turn();
    if (done()) return;
    const now = progress();
    if (now === last) continue;
    last = now;
    turns = 0;
    since = process.hrtime.bigint();
  }
}

/** By a clock that goes on where time stands still. */
function millisecondsSince(begin: bigint): number {
  return Number(process.hrtime.bigint() - begin) / 1e6;
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function movedBytes(servers: readonly RawServer[]): number {
  const sockets = servers.flatMap(({ tcp }) => tcp);
  return sockets.reduce((sum, socket) => sum + socket.bytesRead + socket.bytesWritten - socket.writableLength, 0);
}

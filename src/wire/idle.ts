import type http from "node:http";
import type { Duplex } from "node:stream";
import { now } from "../clock.ts";

/** Milliseconds that a connection may have idled and still be used again. */
export const longestIdle = 4_000;
/** The same for a request that must not meet a connection which the server has closed meanwhile. */
export const longestFreshIdle = 1_000;
/** A server that says when it closes an idle connection is believed, less the time that a request is on its way. */
const hintMargin = 1_000;
/** How far the two clocks may drift apart before it means that the process was frozen or the clock was set. */
const clockTolerance = 1_000;

/** When something became idle: on the monotonic clock, and by the wall clock. */
export interface IdleSince {
  since: number;
  sinceDate: number;
}

interface Idle extends IdleSince {
  limit: number;
  /** Bytes that had come over the connection by then. */
  received: number;
}

/** Shared by all wires, since several may be given the same agent. */
const idleSockets = new WeakMap<Duplex, Idle>();

/** Notes that a connection has served a request and is free from now on. `keepAlive`: that header of the answer. */
export function markIdle(socket: Duplex, keepAlive: string | undefined): void {
  const since = now();
  const sinceDate = Date.now();
  const limit = limitBy(keepAlive);
  const received = receivedBy(socket);
  const idle = idleSockets.get(socket);
  if (!idle) {
    idleSockets.set(socket, { since, sinceDate, limit, received });
    return;
  }
  idle.since = since;
  idle.sinceDate = sinceDate;
  idle.limit = limit;
  idle.received = received;
}

function limitBy(keepAlive: string | undefined): number {
  const hint = keepAlive === undefined ? undefined : /(?:^|[\s,;])timeout=(\d+)/i.exec(keepAlive)?.[1];
  return hint === undefined ? longestIdle : Math.min(longestIdle, Number(hint) * 1_000 - hintMargin);
}

/**
 * Whether bytes came over the connection since it was free: an answer to nobody's question, and the next request would
 * take it for its own.
 */
export function hasStrayBytes(socket: Duplex): boolean {
  const idle = idleSockets.get(socket);
  return idle !== undefined && receivedBy(socket) !== idle.received;
}

function receivedBy(socket: Duplex): number {
  return "bytesRead" in socket && typeof socket.bytesRead === "number" ? socket.bytesRead : 0;
}

/** Whether this connection has served a request before. */
export function hasServed(socket: Duplex): boolean {
  return idleSockets.has(socket);
}

/**
 * Takes out of the agent's pool whatever the server may have closed meanwhile. Idle time is read from both clocks when
 * a connection is wanted, never left to timers: they do not run while a process is frozen, and one of the clocks may
 * stand still. Connections of an agent of the user's that no wire has used are left as they are.
 *
 * @param takesLast the agent hands out the connection that was free last, so that one which is fit saves a look at others
 */
export function dropStale(agent: http.Agent, fresh: boolean, takesLast: boolean): void {
  const free: Readonly<Record<string, readonly Duplex[] | undefined>> = agent.freeSockets ?? {};
  for (const host in free) {
    const sockets = free[host] ?? [];
    // From the last, since each that is dropped leaves the array.
    for (let place = sockets.length - 1; place >= 0; place -= 1) {
      const socket = sockets[place];
      if (!socket) continue;
      if (isStale(socket, fresh)) {
        socket.destroy();
        // Else the agent would keep it, and might hand it out, until its close event.
        socket.emit("agentRemove");
      } else if (takesLast) break;
    }
  }
}

function isStale(socket: Duplex, fresh: boolean): boolean {
  if (socket.destroyed || !socket.writable || hasStrayBytes(socket)) return true;
  const idle = idleSockets.get(socket);
  if (!idle) return false;
  return hasIdled(idle, fresh ? Math.min(idle.limit, longestFreshIdle) : idle.limit);
}

/** Whether it was for so many milliseconds, or may have been: the process was frozen, or the clock was set. */
export function hasIdled({ since, sinceDate }: Readonly<IdleSince>, limit: number): boolean {
  const elapsed = now() - since;
  const elapsedByDate = Date.now() - sinceDate;
  if (Math.abs(elapsedByDate - elapsed) > clockTolerance) return true;
  return Math.max(elapsed, elapsedByDate) >= limit;
}

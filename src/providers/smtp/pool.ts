import { now } from "../../clock.ts";
import { hasIdled, type IdleSince, longestFreshIdle, longestIdle } from "../../wire/idle.ts";
import type { Session } from "./session.ts";

/** Servers end a connection after some hundred messages, in the midst of the next one. */
const mostMessages = 100;

interface Idle extends Readonly<IdleSince> {
  readonly session: Session;
}

/** The right to one connection: the idle one that it came with, or a new one. */
export interface Lease {
  session: Session | undefined;
}

/**
 * So many connections at a time, kept open between messages for as long as a server surely keeps them. An idle one does
 * not hold the process.
 */
export class SessionPool {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #idle: Idle[] = [];
  #leases = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** Waits for its turn; `giveUp` aborts the wait. */
  async lease(fresh: boolean, giveUp: Promise<never>): Promise<Lease> {
    if (this.#leases >= this.#most) await this.#turn(giveUp);
    else this.#leases += 1;
    return { session: this.#take(fresh) };
  }

  /** @param mayStay the session is ready for another message */
  release({ session }: Lease, mayStay: boolean): void {
    if (session && mayStay && session.isReady && session.messages < mostMessages && !this.#isClosed)
      this.#keep(session);
    else if (session && mayStay) session.quit();
    else session?.destroy();
    this.#passOn();
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (next) next();
    else this.#leases -= 1;
  }

  /** Connections in use are closed when they are released; later ones are not kept. */
  close(): void {
    this.#isClosed = true;
    for (const { session } of this.#idle.splice(0)) session.quit();
    clearTimeout(this.#timer);
  }

  async #turn(giveUp: Promise<never>): Promise<void> {
    let next = () => {};
    const turn = new Promise<void>((resolve) => {
      next = () => {
        this.#waiting.delete(next);
        resolve();
      };
      this.#waiting.add(next);
    });
    try {
      await Promise.race([turn, giveUp]);
    } catch (error) {
      // Its turn may have come in the very moment.
      if (!this.#waiting.delete(next)) this.#passOn();
      throw error;
    }
  }

  /** The one that was used last, since it is the least likely to be closed. */
  #take(fresh: boolean): Session | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (isFit(idle, fresh ? longestFreshIdle : longestIdle)) {
        idle.session.hold(true);
        return idle.session;
      }
      idle.session.destroy();
    }
    return undefined;
  }

  #keep(session: Session): void {
    session.hold(false);
    this.#idle.push({ session, since: now(), sinceDate: Date.now() });
    this.#timer ??= setTimeout(() => this.#dropStale(), longestIdle).unref();
  }

  #dropStale(): void {
    this.#timer = undefined;
    const stale = this.#idle.filter((idle) => !isFit(idle, longestIdle));
    this.#idle = this.#idle.filter((idle) => !stale.includes(idle));
    for (const { session } of stale) session.quit();
    if (this.#idle.length > 0) this.#timer = setTimeout(() => this.#dropStale(), longestIdle).unref();
  }
}

/** Timers do not run while a process is frozen, so the clocks are asked. */
function isFit(idle: Idle, limit: number): boolean {
  return idle.session.isReady && !hasIdled(idle, limit);
}

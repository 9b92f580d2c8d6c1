import type { Outbox } from "./outbox.ts";

/** From the first sign of trouble to the moment from which on all was well. */
export interface Span {
  readonly since: Date;
  readonly until: Date;
}

/** What is the matter with somebody. */
export interface Trouble {
  readonly at: Date;
  readonly isDown: boolean;
  readonly isDrill: boolean;
  readonly begun: () => string;
  readonly over: (worst: Pick<Trouble, "isDown" | "isDrill">, span: Span) => string;
}

interface Incident {
  readonly since: Date;
  readonly over: Trouble["over"];
  isDown: boolean;
  isDrill: boolean;
  wellSince: Date | undefined;
}

/** How often open incidents are looked after, ms. */
const lookEvery = 1_000;

/**
 * Makes incidents of troubles: however often they come and go, each is told once when it begins, and once when it is over.
 */
export class Incidents {
  readonly #outbox: Outbox;
  readonly #settle: number;
  readonly #refresh: () => void;
  readonly #open = new Map<string, Incident>();
  #looking: NodeJS.Timeout | undefined;

  /**
   * @param settle how long all must have been well before an incident is over, ms
   * @param refresh called now and then while an incident is open, so that what only time brings about is noticed
   */
  constructor(outbox: Outbox, settle: number, refresh: () => void) {
    this.#outbox = outbox;
    this.#settle = settle;
    this.#refresh = refresh;
  }

  trouble(who: string, { at, isDown, isDrill, begun, over }: Trouble): void {
    const known = this.#open.get(who);
    if (known) {
      known.wellSince = undefined;
      known.isDown ||= isDown;
    }
    // What was told as a drill, and goes on in earnest, is news.
    if (known && (!known.isDrill || isDrill)) return;
    if (known) known.isDrill = false;
    else this.#open.set(who, { since: at, over, isDown, isDrill, wellSince: undefined });
    this.#outbox.put(who, begun());
    this.#looking ??= setInterval(() => this.#look(), lookEvery).unref();
  }

  mended(who: string, at: Date): void {
    const incident = this.#open.get(who);
    if (incident) incident.wellSince = at;
  }

  forget(): void {
    this.#open.clear();
    this.#stopLooking();
  }

  #look(): void {
    this.#refresh();
    for (const [who, incident] of this.#open) {
      const { since, wellSince: until, over } = incident;
      if (!until || Date.now() - until.getTime() < this.#settle) continue;
      this.#open.delete(who);
      this.#outbox.put(who, over(incident, { since, until }));
    }
    if (this.#open.size === 0) this.#stopLooking();
  }

  #stopLooking(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }
}

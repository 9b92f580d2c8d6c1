import { now } from "../clock.ts";
import { RecentCount } from "../recent-count.ts";
import type { Counts } from "./checkpoint.ts";

/** How far a campaign is. */
export interface CampaignProgress<N extends string = string> extends Counts {
  /** `waiting`: every provider that it may use is out, or `suppress` fails; it goes on by itself. */
  readonly state: "ready" | "running" | "waiting" | "paused" | "cancelled" | "finished" | "failed";
  /** Recipients, where the input tells how many there are or was read to its end. */
  readonly total?: number;
  /** Recipients of whom nothing is known yet; where the total is not known, of those that were read. */
  readonly pending: number;
  /** Mails that each provider accepted since this process began. */
  readonly providers: Readonly<Partial<Record<N, number>>>;
  /** Recipients a second, over the last ten seconds. */
  readonly rate: number;
  /** When it will be done at this rate, where the total is known and something is pending. */
  readonly estimatedEnd?: Date;
}

/** A rate over less time than that says nothing, ms. */
const shortest = 1_000;

/** Counts what is settled, and how fast. */
export class Tally<N extends string> {
  readonly #providers = new Map<N, number>();
  readonly #began = now();
  readonly #settled = new RecentCount();

  accepted(provider: N): void {
    this.#providers.set(provider, (this.#providers.get(provider) ?? 0) + 1);
  }

  settled(count: number): void {
    this.#settled.add(count);
  }

  /** Recipients a second. */
  get rate(): number {
    const duration = Math.min(now() - this.#began, RecentCount.window);
    return (this.#settled.sum / Math.max(duration, shortest)) * 1_000;
  }

  /** An object without a prototype: a provider may have any name. */
  get providers(): Readonly<Partial<Record<N, number>>> {
    const providers: Partial<Record<N, number>> = Object.create(null);
    for (const [name, count] of this.#providers) providers[name] = count;
    return providers;
  }
}

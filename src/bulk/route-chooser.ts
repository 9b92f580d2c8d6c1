import { now } from "../clock.ts";
import type { Availability } from "../health/availability.ts";
import type { Place, Slot } from "../limits/line.ts";
import type { WaitingRoom } from "../limits/waiting-room.ts";
import type { ResolvedRoute, RouteGroup } from "../routing/resolved-route.ts";
import type { History } from "./history.ts";

/** A provider for the next attempt. */
export interface Chosen<N extends string> {
  readonly route: ResolvedRoute<N>;
  readonly kind: "regular" | "probe";
  readonly slot: Slot;
}

/** There is none. */
export interface Nobody {
  readonly route: undefined;
  /** When it is worth another look, on the monotonic clock. */
  readonly until: number;
  /** Each is down, under probe or isolated. */
  readonly allOut: boolean;
}

/** When nothing else tells that a provider can be tried again, it is looked at after this time, ms. */
const lookAgain = 1_000;

/**
 * Chooses the provider of each batch: the first group of which one can, and in it by stride scheduling, so that each gets
 * its share of the recipients, whatever the size of its batches.
 *
 * @see Waldspurger, Weihl: Stride Scheduling (MIT, 1995)
 */
export class RouteChooser<N extends string> {
  readonly #groups: readonly RouteGroup<N>[];
  readonly #room: WaitingRoom;
  readonly #ticket: number;
  readonly #onCall: () => void;
  readonly #passes = new Map<ResolvedRoute<N>, number>();
  readonly #places = new Map<ResolvedRoute<N>, Place>();
  readonly #slots = new Map<ResolvedRoute<N>, Slot>();
  /** Those to which a probe is about to go. */
  readonly #probed = new Set<ResolvedRoute<N>>();
  #pass = 0;

  /** @param onCall told when a provider in whose line the campaign stands has a slot for it */
  constructor(groups: readonly RouteGroup<N>[], room: WaitingRoom, onCall: () => void) {
    this.#groups = groups;
    this.#room = room;
    this.#ticket = room.nextTicket("bulk");
    this.#onCall = onCall;
  }

  get routes(): readonly ResolvedRoute<N>[] {
    return this.#groups.flatMap(({ routes }) => routes);
  }

  /** Whether somebody is left whom these mails may go to, now or later. */
  isAnyLeft({ excluded }: Pick<History<N>, "excluded">): boolean {
    return this.routes.some(({ name }) => !excluded.has(name));
  }

  choose(history: History<N>): Chosen<N> | Nobody {
    let until = Number.POSITIVE_INFINITY;
    let allOut = true;
    for (const { routes } of this.#groups) {
      const left = routes.filter(({ name }) => !history.excluded.has(name));
      const ready = left.filter(({ name }) => history.pausedUntil(name) <= now());
      const probed = ready.find((route) => this.#can("probe", route));
      const [next] = ready
        .filter((route) => this.#can("send", route))
        .sort((a, b) => this.#passOf(a) - this.#passOf(b));
      const route = probed ?? next;
      const slot = route && this.#slotAt(route);
      if (slot) return { route, kind: probed ? "probe" : "regular", slot };
      for (const each of left) {
        const outlook = this.#outlookOf(each, history.pausedUntil(each.name));
        until = Math.min(until, outlook.until);
        allOut &&= outlook.out;
      }
    }
    return { route: undefined, until, allOut };
  }

  /** So many mails are about to go to a provider; no second probe goes there before {@link settle}. */
  begin({ route, kind }: Chosen<N>, mails: number): void {
    if (kind === "probe") this.#probed.add(route);
    const pass = this.#passOf(route);
    this.#pass = Math.max(this.#pass, pass);
    this.#passes.set(route, pass + mails / (route.weight * Math.max(route.monitor.weightFactor, smallestFactor)));
  }

  /** The attempt begins now, or is not going to. */
  settle({ route, kind }: Chosen<N>): void {
    if (kind === "probe") this.#probed.delete(route);
  }

  /** Leaves every line, and every slot that was not used, to others. */
  leave(): void {
    for (const [route, place] of this.#places) this.#depart(route, place)?.giveBack();
    this.giveBackUnused();
  }

  /** Leaves the slots that were given and not used to others. */
  giveBackUnused(): void {
    for (const slot of this.#slots.values()) slot.giveBack();
    this.#slots.clear();
  }

  /** A provider that was out begins where the others are: what it missed is not made up for. */
  #passOf(route: ResolvedRoute<N>): number {
    return Math.max(this.#passes.get(route) ?? 0, this.#pass);
  }

  #can(what: "send" | "probe", route: ResolvedRoute<N>): boolean {
    if (route.monitor.availability.can !== what || this.#probed.has(route)) return false;
    return this.#slots.has(route) || route.limits.free;
  }

  #slotAt(route: ResolvedRoute<N>): Slot | undefined {
    const given = this.#slots.get(route);
    if (!given) return route.limits.take();
    this.#slots.delete(route);
    return given;
  }

  /**
   * When it is worth another look, and whether the provider itself is what keeps mail from it.
   *
   * @param pausedUntil before that it is not asked for these mails
   */
  #outlookOf(route: ResolvedRoute<N>, pausedUntil: number): { readonly until: number; readonly out: boolean } {
    const { availability } = route.monitor;
    if (this.#probed.has(route)) return { until: Number.POSITIVE_INFINITY, out: true };
    if (availability.can === "nothing" && availability.because !== "throttled") return outlookOut(availability);
    if (pausedUntil > now()) return { until: pausedUntil, out: false };
    const stands = this.#stand(route);
    return { until: stands ? Number.POSITIVE_INFINITY : now() + lookAgain, out: false };
  }

  /** Stands in the line of a provider, if there is room. */
  #stand(route: ResolvedRoute<N>): boolean {
    if (this.#places.has(route)) return true;
    if (!this.#room.enter()) return false;
    const place = route.limits.join(this.#ticket);
    this.#places.set(route, place);
    void place.called.then(() => {
      if (this.#places.get(route) !== place) return;
      const slot = this.#depart(route, place);
      if (slot) this.#slots.set(route, slot);
      this.#onCall();
    });
    return true;
  }

  #depart(route: ResolvedRoute<N>, place: Place): Slot | undefined {
    this.#places.delete(route);
    this.#room.leave();
    return place.leave();
  }
}

function outlookOut(availability: Extract<Availability, { readonly can: "nothing" }>) {
  if ("until" in availability) return { until: availability.until, out: true };
  // Of the end of an isolation the campaign is told; of a probe that was given up, nobody is.
  return { until: availability.because === "probing" ? now() + lookAgain : Number.POSITIVE_INFINITY, out: true };
}

/** What a provider that cannot be used has nothing of still counts as something. */
const smallestFactor = 0.01;

import type { Slot } from "../limits/line.ts";
import type { Precedence, WaitingRoom } from "../limits/waiting-room.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";

/** One send among those that wait for limits and throttles, and the slot that a provider gave it. */
export class Turn<N extends string = string> {
  readonly #room: WaitingRoom;
  /** Its place in every line: before whoever was sent later. */
  readonly #ticket: number;
  #given: { readonly route: ResolvedRoute<N>; readonly slot: Slot } | undefined;

  constructor(room: WaitingRoom, precedence: Precedence) {
    this.#room = room;
    this.#ticket = room.nextTicket(precedence);
  }

  /** Whether a provider waits for this send. */
  isAt(route: ResolvedRoute<N>): boolean {
    return this.#given?.route === route;
  }

  /** When the rate of a provider lets this send through, on the monotonic clock, as far as that can be told. */
  expectedAt({ limits }: ResolvedRoute<N>): number | undefined {
    return limits.expectedAt(this.#ticket);
  }

  /**
   * Stands in the lines of these providers while something is awaited; false, without waiting, where there is no room.
   *
   * @param wait is given what settles when one of them calls
   */
  async inLines(
    routes: readonly ResolvedRoute<N>[],
    wait: (called: Promise<unknown>) => Promise<void>,
  ): Promise<boolean> {
    if (!this.#room.enter()) return false;
    this.giveBack();
    const places = routes.map((route) => ({ route, place: route.limits.join(this.#ticket) }));
    try {
      await wait(Promise.race(places.map(({ place }) => place.called)));
    } finally {
      this.#room.leave();
      for (const { route, place } of places) this.#keep(route, place.leave());
    }
    return true;
  }

  /** The slot for an attempt there; any other that was given is for somebody else now. */
  slotFor(route: ResolvedRoute<N>): Slot | undefined {
    const given = this.#given;
    if (given?.route !== route) {
      this.giveBack();
      return route.limits.take();
    }
    this.#given = undefined;
    return given.slot;
  }

  /** Leaves a slot that is not going to be used to others; whether there was one. */
  giveBack(): boolean {
    const given = this.#given;
    this.#given = undefined;
    given?.slot.giveBack();
    return given !== undefined;
  }

  #keep(route: ResolvedRoute<N>, slot: Slot | undefined): void {
    if (!slot) return;
    if (this.#given) slot.giveBack();
    else this.#given = { route, slot };
  }
}

import type {
  AnySteadyMailError,
  Attempt,
  DrillEvent,
  MailerEvents,
  ProviderChange,
  ProviderHealth,
  Receipt,
} from "../../../src/index.ts";
import type { Answer } from "./course.ts";
import type { PlannedDrill, PlannedSend } from "./scenario.ts";

/** How a send ended. */
export type Result =
  | { readonly kind: "accepted"; readonly receipt: Receipt }
  | { readonly kind: AnySteadyMailError["kind"]; readonly error: AnySteadyMailError }
  | { readonly kind: "foreign"; readonly error: unknown };

/** Something that happened, as the world or the caller saw it. */
export type Fact =
  | { readonly what: "send"; readonly id: string; readonly planned: PlannedSend; readonly deadline: number }
  | { readonly what: "settled"; readonly id: string; readonly result: Result }
  | { readonly what: "caller-aborts"; readonly id: string }
  /** An adapter was called; without a timeout none was, since a drill was on. */
  | { readonly what: "begun"; readonly id: string; readonly provider: string; readonly timeout?: number }
  | { readonly what: "stored"; readonly id: string; readonly provider: string; readonly messageId: string }
  /** An adapter answered; the mailer may have stopped listening. */
  | {
      readonly what: "answered";
      readonly id: string;
      readonly provider: string;
      readonly say: Answer["say"];
      readonly reusedConnection: boolean;
    }
  | { readonly what: "attempt"; readonly id: string; readonly attempt: Attempt }
  | { readonly what: "failover"; readonly id: string; readonly from: string; readonly to: string }
  | { readonly what: "told"; readonly id: string; readonly name: "accepted" | "failed" }
  | { readonly what: "changed"; readonly provider: string; readonly change: ProviderChange }
  /** The same change, by its own name. */
  | { readonly what: "named"; readonly provider: string; readonly name: string; readonly change: ProviderChange }
  | { readonly what: "all-down"; readonly event: MailerEvents["all-down"] }
  | { readonly what: "all-down:over"; readonly event: MailerEvents["all-down:over"] }
  | { readonly what: "warning"; readonly provider: string; readonly code: string }
  | { readonly what: "health"; readonly report: readonly ProviderHealth[]; readonly final: boolean }
  | { readonly what: "isolated" | "restored"; readonly provider: string }
  /** Somebody asks for a drill, or takes it back; `number` tells them apart. */
  | { readonly what: "drilled"; readonly provider: string; readonly number: number; readonly drill: PlannedDrill }
  | { readonly what: "drill-given-up"; readonly provider: string; readonly number: number }
  | { readonly what: "drill:started" | "drill:over"; readonly provider: string; readonly event: DrillEvent }
  | { readonly what: "frozen"; readonly for: number }
  | { readonly what: "wall-clock-stepped"; readonly by: number }
  | { readonly what: "calm"; readonly recoversUntil: number }
  | { readonly what: "closed" }
  | { readonly what: "left-behind"; readonly thing: string };

/** A fact with its place in the course of things. */
export type Entry = Fact & {
  /** ms since the beginning, on the monotonic clock. */
  readonly at: number;
  /** Everything that one timer brought about has the same turn. */
  readonly turn: number;
  readonly place: number;
  /** Which process it was in. */
  readonly mailer: number;
};

/** A moment in the course of things: before which entry, and which of those before the same one. */
interface Moment extends Pick<Entry, "at" | "turn" | "place"> {
  readonly order: number;
}

/** Writes down what happens. */
export class Journal {
  readonly entries: Entry[] = [];
  turn = 0;
  readonly #dates = new WeakMap<Date, Moment>();
  #order = 0;

  write(at: number, mailer: number, fact: Fact): void {
    this.entries.push({ ...fact, at, turn: this.turn, place: this.entries.length, mailer });
  }

  /** Remembers when the process took a date. */
  noteDate(date: Date, at: number): void {
    this.#order += 1;
    this.#dates.set(date, { at, turn: this.turn, place: this.entries.length, order: this.#order });
  }

  /** All of it. Of an attempt in a drill no adapter tells: it began when the mailer took the date of its begin. */
  whole(): readonly Entry[] {
    const drilled = this.entries.flatMap((entry) => this.#beginOfDrilled(entry) ?? []);
    if (drilled.length === 0) return this.entries;
    drilled.sort((one, other) => one.moment.order - other.moment.order);
    const all: Entry[] = [];
    const append = (entry: Entry): void => void all.push({ ...entry, place: all.length });
    for (const entry of this.entries) {
      for (let next = drilled[0]; next && next.moment.place <= entry.place; next = drilled[0]) {
        append(next.begun);
        drilled.shift();
      }
      append(entry);
    }
    return all;
  }

  #beginOfDrilled(entry: Entry): { readonly begun: Entry; readonly moment: Moment } | undefined {
    if (entry.what !== "attempt" || entry.attempt.outcome === "accepted" || !entry.attempt.failure.drill)
      return undefined;
    const { id, mailer, attempt } = entry;
    const moment = this.#dates.get(attempt.startedAt);
    if (!moment) throw new Error(`Nobody knows when the attempt of ${id} at ${attempt.provider} began`);
    const { at, turn, place } = moment;
    return { moment, begun: { what: "begun", id, provider: attempt.provider, at, turn, place, mailer } };
  }
}

import type {
  AnySteadyMailError,
  Attempt,
  MailerEvents,
  ProviderChange,
  ProviderHealth,
  Receipt,
} from "../../../src/index.ts";
import type { Answer } from "./course.ts";
import type { PlannedSend } from "./scenario.ts";

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
  /** An adapter was called. */
  | { readonly what: "begun"; readonly id: string; readonly provider: string; readonly timeout: number }
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

/** Writes down what happens. */
export class Journal {
  readonly entries: Entry[] = [];
  turn = 0;

  write(at: number, mailer: number, fact: Fact): void {
    this.entries.push({ ...fact, at, turn: this.turn, place: this.entries.length, mailer });
  }
}

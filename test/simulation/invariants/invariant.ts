import type { Entry } from "../world/journal.ts";
import type { Replay } from "./replay.ts";

/** Reads a run from its beginning to its end. */
export interface Observer {
  /** Called for each such entry after the replay took it in; a text for each violation. */
  see?(entry: Entry): Iterable<string> | undefined;
  /** Called once at the end. */
  conclude?(): Iterable<string> | undefined;
}

/** Something that is true of every run. */
export interface Invariant {
  /** A sentence. */
  readonly name: string;
  /** The entries that it looks at. */
  readonly sees?: readonly Entry["what"][];
  observe(replay: Replay): Observer;
}

export interface Violation {
  readonly invariant: string;
  readonly at: number;
  readonly what: string;
}

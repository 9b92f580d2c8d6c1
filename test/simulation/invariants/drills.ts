import type { Attempt, ProviderHealth } from "../../../src/index.ts";
import type { Entry } from "../world/journal.ts";
import type { PlannedDrill } from "../world/scenario.ts";
import { afterFreezes } from "./endings.ts";
import type { Invariant } from "./invariant.ts";
import type { Begun } from "./records.ts";
import type { Replay } from "./replay.ts";

/** The drill at one provider that was asked for last. */
interface Asked {
  readonly number: number;
  readonly drill: PlannedDrill;
  /** When it is over by itself. */
  readonly end: number;
  givenUp: boolean;
}

export const drills: Invariant = {
  name: "in a drill its provider is not asked and fails as it has it, and a drill ends in time",
  sees: ["drilled", "drill-given-up", "drill:started", "drill:over", "begun", "attempt", "health", "settled", "closed"],
  observe: (replay) => {
    const asked = new Map<string, Asked>();
    /** Those whose begin was told, and not yet their end. */
    const told = new Map<string, Asked>();
    /** The drill of an attempt. */
    const drillOf = new Map<Begun, PlannedDrill>();
    const isOn = (drill: Asked, at: number) => !drill.givenUp && at < drill.end;
    const running = (provider: string, at: number): PlannedDrill | undefined => {
      const last = asked.get(provider);
      return last && isOn(last, at) ? last.drill : undefined;
    };
    return {
      *see(entry) {
        yield* overdue(replay, told, entry);
        switch (entry.what) {
          case "drilled": {
            const { number, drill, at } = entry;
            asked.set(entry.provider, { number, drill, end: at + drill.for, givenUp: false });
            return;
          }
          case "drill-given-up": {
            const last = asked.get(entry.provider);
            if (last?.number === entry.number) last.givenUp = true;
            return;
          }
          case "drill:started": {
            if (told.has(entry.provider)) yield `a second drill begins at ${entry.provider}`;
            const last = asked.get(entry.provider);
            if (last) told.set(entry.provider, last);
            else yield `a drill begins at ${entry.provider} that nobody asked for`;
            return;
          }
          case "drill:over": {
            const ended = told.get(entry.provider);
            if (!ended) yield `a drill is over at ${entry.provider} that never began`;
            // Another may have taken its place.
            else if (isOn(ended, entry.at) && asked.get(entry.provider) === ended) {
              yield `the drill at ${entry.provider} is over at ${entry.at}, not at ${ended.end}`;
            }
            told.delete(entry.provider);
            return;
          }
          case "begun": {
            const drill = running(entry.provider, entry.at);
            const begun = replay.underWay(entry.id, entry.provider);
            if (drill && !begun?.isDrilled) yield `${entry.id} asks ${entry.provider}, which is under a drill`;
            if (!drill && begun?.isDrilled) yield `${entry.id} does not reach ${entry.provider}, and no drill is on`;
            if (begun && drill) drillOf.set(begun, drill);
            return;
          }
          case "attempt": {
            const begun = replay.sendOf(entry.id).begun.find(({ attempt }) => attempt === entry.attempt);
            if (begun) yield* faultsOf(entry.id, entry.attempt, begun, drillOf.get(begun));
            return;
          }
          case "health":
            for (const report of entry.report) yield* misreported(report, running(report.provider, entry.at));
            return;
          case "closed":
            for (const provider of told.keys()) yield `the drill at ${provider} has outlived its mailer`;
        }
      },
    };
  },
};

/** A timer may be a moment late, and one of a frozen process comes when it is thawed. */
function* overdue(replay: Replay, told: ReadonlyMap<string, Asked>, { at }: Entry): Generator<string> {
  for (const [provider, { end }] of told) {
    if (at > afterFreezes(replay, end) + 1) yield `the drill at ${provider} has not ended, though its end was ${end}`;
  }
}

function* faultsOf(
  id: string,
  attempt: Attempt,
  { timeout }: Begun,
  drill: PlannedDrill | undefined,
): Generator<string> {
  const failure = attempt.outcome === "accepted" ? undefined : attempt.failure;
  const where = `the attempt of ${id} at ${attempt.provider}`;
  if ((failure?.drill === true) !== (drill !== undefined)) yield `${where} is marked as of a drill: ${failure?.drill}`;
  if (!failure || !drill || failure.reason === "aborted") return;
  const { fault, latency = 0, retryAfter } = drill;
  const isInTime = fault !== "timeout" && latency < Math.trunc(timeout);
  const late = fault === "unreachable" ? fault : "timeout";
  if (failure.reason !== (isInTime ? fault : late) && latency !== Math.trunc(timeout)) {
    yield `${where} fails by ${failure.reason} in a drill of ${fault}`;
  }
  if (failure.reason === fault && failure.retryAfter !== retryAfter) yield `${where} asks for another pause`;
}

function* misreported({ provider, drill }: ProviderHealth, running: PlannedDrill | undefined): Generator<string> {
  if (drill?.fault !== running?.fault) yield `${provider} has a drill of ${drill?.fault}, not of ${running?.fault}`;
}

export const marks: Invariant = {
  name: "what a drill brings about is marked, and nothing else",
  sees: ["send", "changed", "attempt", "settled", "health", "closed"],
  observe: (replay) => ({
    *see({ mailer }) {
      for (const { name, model } of replay.providersOf(mailer)) {
        for (const fault of model.marks.faults.splice(0)) yield `${name}: ${fault}`;
      }
    },
  }),
};

import {
  type AttemptContext,
  failure,
  failureInPhase,
  type PreparedMessage,
  type Provider,
  ProviderError,
} from "../../../src/index.ts";
import { Dice } from "../engine/dice.ts";
import type { VirtualClock } from "../engine/virtual-clock.ts";
import { type Answer, type Course, courseOf } from "./course.ts";
import type { Fact } from "./journal.ts";
import { durationOf, type Fault, nameOf, type PlannedSend, type Scenario } from "./scenario.ts";

/** What a provider of the simulated world is given. */
export interface Surroundings {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly write: (fact: Fact) => void;
  readonly sendOf: (id: string) => PlannedSend | undefined;
}

/** An ESP and its adapter, which fail by a schedule. It says what it has, whatever the mailer is told. */
export class ModelProvider implements Provider {
  readonly name: string;
  readonly #place: number;
  readonly #world: Surroundings;
  readonly #dice: Dice;
  #messages = 0;

  constructor(place: number, world: Surroundings) {
    this.name = nameOf(place);
    this.#place = place;
    this.#world = world;
    this.#dice = new Dice(world.scenario.seed * 31 + place);
  }

  get #setup() {
    const setup = this.#world.scenario.providers[this.#place];
    if (!setup) throw new Error(`There is no provider ${this.#place}`);
    return setup;
  }

  unsupported(message: PreparedMessage): readonly string[] {
    return this.#setup.cannotCarry.filter((field) => message[field].length > 0);
  }

  async send(
    _message: PreparedMessage,
    { id, signal, timeout }: AttemptContext,
  ): Promise<{ providerMessageId: string }> {
    const { clock, write } = this.#world;
    write({ what: "begun", id, provider: this.name, timeout });
    if (signal.aborted) throw new ProviderError(failureInPhase("aborted", "no"));
    this.#messages += 1;
    const messageId = `${this.name}-${this.#messages}`;
    const course = this.#courseOf(id);
    if (course.storesAfter !== undefined) {
      clock.inWorld(clock.now + course.storesAfter, () =>
        write({ what: "stored", id, provider: this.name, messageId }),
      );
    }
    const answer = await this.#answerTo(course, signal);
    const reusedConnection = answer.say === "failure" && (answer.reusedConnection ?? false);
    write({ what: "answered", id, provider: this.name, say: answer.say, reusedConnection });
    if (answer.say === "failure") throw new ProviderError(answer.failure, { reusedConnection });
    if (answer.say === "plain-error") throw new Error("Something broke");
    return { providerMessageId: answer.say === "receipt" ? messageId : "" };
  }

  #courseOf(id: string): Course {
    const now = this.#world.clock.now;
    const duration = durationOf(this.#world.scenario);
    const fault = faultAt(this.#world.scenario, this.#place, now);
    const refusal = this.#world.sendOf(id)?.options.refusal;
    return courseOf({
      dice: this.#dice,
      setup: this.#setup,
      fault,
      refusal: refusal && (refusal.by === "all" || refusal.by === this.#place) ? refusal.reason : undefined,
      since: fault ? now - (fault.from * duration) / 1000 : 0,
    });
  }

  #answerTo({ answer, neverConnects }: Course, signal: AbortSignal): Promise<Answer> {
    const { clock } = this.#world;
    return new Promise((resolve) => {
      const heedsSignal = !this.#setup.deaf;
      const onAbort = () => {
        // An answer that came too late is nothing to anybody.
        answered = true;
        resolve({ say: "failure", failure: whenCut(signal, neverConnects ?? false) });
      };
      let answered = false;
      if (heedsSignal) signal.addEventListener("abort", onAbort, { once: true });
      if (!answer) return;
      clock.inProcess(clock.now + answer.after, () => {
        if (answered) return;
        signal.removeEventListener("abort", onAbort);
        resolve(answer.with);
      });
    });
  }
}

/** What a polite adapter knows of a request that was cut off. */
export function whenCut(signal: AbortSignal, neverConnected: boolean) {
  const { reason } = signal;
  const timedOut = reason instanceof DOMException && reason.name === "TimeoutError";
  if (timedOut) return failure(neverConnected ? "unreachable" : "timeout");
  return failureInPhase("aborted", neverConnected ? "no" : "maybe");
}

/** The trouble of a provider at a moment; of several the last one counts, and its own before everybody's. */
export function faultAt(scenario: Scenario, place: number, now: number): Fault | undefined {
  const moment = (now * 1000) / durationOf(scenario);
  const own = scenario.providers[place]?.faults ?? [];
  return [...scenario.everywhere, ...own].findLast(({ from, to }) => from <= moment && moment < to);
}

/** Whether a provider has no trouble at all in a time. */
export function isSound(scenario: Scenario, place: number, from: number, to: number): boolean {
  const duration = durationOf(scenario);
  const own = scenario.providers[place]?.faults ?? [];
  return ![...scenario.everywhere, ...own].some(
    (fault) => (fault.from * duration) / 1000 <= to && from <= (fault.to * duration) / 1000,
  );
}

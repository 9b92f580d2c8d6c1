import {
  type AttemptContext,
  type BatchResult,
  type BatchSending,
  type Failure,
  failure,
  failureInPhase,
  type PreparedMessage,
  type Provider,
  ProviderError,
} from "../../../src/index.ts";
import { Dice } from "../engine/dice.ts";
import type { VirtualClock } from "../engine/virtual-clock.ts";
import { type Course, courseOf } from "../world/course.ts";
import { whenCut } from "../world/model-provider.ts";
import { type Fault, nameOf } from "../world/scenario.ts";
import type { Ledger } from "./ledger.ts";
import type { BulkProviderSetup, BulkScenario } from "./scenario.ts";

/** What a request finds at its provider, as the mailer has told it. */
export interface Begun {
  readonly provider: string;
  readonly place: number;
  /** Campaign, stream or single send that each mail is of, and its place there. */
  readonly keys: readonly string[];
  readonly batch: boolean;
}

export interface BulkWorld {
  readonly scenario: BulkScenario;
  readonly clock: VirtualClock;
  readonly ledger: Ledger;
  /** Told of every request before it is made; what it returns is told of its end. */
  readonly onBegin: (begun: Begun) => () => void;
  /** Whether the process of this provider's mailer still lives. */
  readonly lives: () => boolean;
  readonly isPoison: (key: string) => boolean;
}

/** What one of a batch may be told, if it fails by itself. */
const entryFailures: readonly Failure[] = [failure("unavailable"), failure("throttled"), failure("server-error")];

/** An ESP with or without a batch, which fails by a schedule, and the adapter to it in one process. */
export class BatchProvider implements Provider {
  readonly name: string;
  readonly batch: BatchSending | undefined;
  readonly #place: number;
  readonly #setup: BulkProviderSetup;
  readonly #world: BulkWorld;
  readonly #dice: Dice;
  #messages = 0;

  constructor(place: number, setup: BulkProviderSetup, world: BulkWorld, generation: number) {
    this.name = nameOf(place);
    this.#place = place;
    this.#setup = setup;
    this.#world = world;
    this.#dice = new Dice(world.scenario.seed * 31 + place + 7 * generation);
    this.#messages = generation * 1_000_000;
    if (setup.batch === undefined) return;
    this.batch = {
      limit: setup.batch,
      carries: (_, { to }) => !to.address.toLowerCase().startsWith("single-"),
      send: ({ recipients }, context) =>
        this.#request(
          recipients.map(({ to }) => to.address),
          context,
          true,
        ),
    };
  }

  unsupported(): readonly string[] {
    return [];
  }

  async send(message: PreparedMessage, context: AttemptContext): Promise<{ providerMessageId: string }> {
    const [result] = await this.#request(
      message.to.map(({ address }) => address),
      context,
      false,
    );
    if (!result || "failure" in result) throw new ProviderError(result?.failure ?? failure("bad-response"));
    return result;
  }

  async #request(
    addresses: readonly string[],
    { signal }: AttemptContext,
    batch: boolean,
  ): Promise<readonly BatchResult[]> {
    const { clock, onBegin, lives } = this.#world;
    if (!lives()) return never();
    const keys = addresses.map(keyOf);
    const end = onBegin({ provider: this.name, place: this.#place, keys, batch });
    // Whoever does not listen is not waited for.
    signal.addEventListener("abort", end, { once: true });
    try {
      if (signal.aborted) throw new ProviderError(failureInPhase("aborted", "no"));
      const course = this.#courseNow();
      const results = keys.map((key) => this.#resultOf(key, course));
      const refused = results.find((result) => "failure" in result);
      const whole = this.#setup.answers === "whole" ? refused : undefined;
      keys.forEach((key, index) => {
        const result = results[index];
        if (course.storesAfter === undefined || whole || !result || "failure" in result) return;
        const { providerMessageId: id } = result;
        clock.inWorld(clock.now + course.storesAfter, () => {
          this.#world.ledger.mail(key).stored.push({ provider: this.name, id });
        });
      });
      const said = await this.#answer(course, signal);
      if (!lives()) return never();
      if (said === "plain-error") throw new Error("Something broke");
      if (said === "no-receipt") return [];
      if (said !== "receipt") throw said;
      if (whole && "failure" in whole) throw new ProviderError(whole.failure);
      return results;
    } finally {
      end();
    }
  }

  #resultOf(key: string, course: Course): BatchResult {
    if (course.answer?.with.say === "receipt") {
      if (this.#world.isPoison(key)) return { failure: failure("invalid") };
      const troubled = this.#setup.answers === "each" && this.#fault?.kind === "brown-out" && this.#dice.chance(0.2);
      const own = troubled ? entryFailures[this.#dice.between(0, entryFailures.length - 1)] : undefined;
      if (own) return { failure: own };
    }
    this.#messages += 1;
    return { providerMessageId: `${this.name}-${this.#messages}` };
  }

  get #fault(): Fault | undefined {
    const { scenario, clock } = this.#world;
    const moment = (clock.now * 1000) / scenario.duration;
    return [...scenario.everywhere, ...this.#setup.faults].findLast(({ from, to }) => from <= moment && moment < to);
  }

  #courseNow(): Course {
    const { scenario, clock } = this.#world;
    const fault = this.#fault;
    const since = fault ? clock.now - (fault.from * scenario.duration) / 1000 : 0;
    return courseOf({ dice: this.#dice, setup: this.#setup, fault, refusal: undefined, since });
  }

  #answer(
    { answer, neverConnects }: Course,
    signal: AbortSignal,
  ): Promise<"receipt" | "no-receipt" | "plain-error" | ProviderError> {
    const { clock } = this.#world;
    return new Promise((resolve) => {
      let answered = false;
      const onAbort = () => {
        answered = true;
        resolve(new ProviderError(whenCut(signal, neverConnects ?? false)));
      };
      if (!this.#setup.deaf) signal.addEventListener("abort", onAbort, { once: true });
      if (!answer) return;
      clock.inProcess(clock.now + answer.after, () => {
        if (answered) return;
        signal.removeEventListener("abort", onAbort);
        const { with: said } = answer;
        resolve(said.say === "failure" ? new ProviderError(said.failure, said) : said.say);
      });
    });
  }
}

/** `single-campaign-0-12@example.org`: the thirteenth recipient of the first campaign, whom no batch carries. */
export function keyOf(address: string): string {
  return address
    .toLowerCase()
    .replace(/@.*$/, "")
    .replace(/^single-/, "");
}

function never(): Promise<never> {
  return new Promise(() => {});
}

import type { AttemptContext, PreparedMessage, Provider } from "../../src/index.ts";
import { endAs, endingShares } from "./endings.ts";
import { Lottery, type Random } from "./random.ts";

const lottery = new Lottery(endingShares);

/** A provider that keeps nothing of a message: its attempts end by chance, and are counted. */
export class CountingProvider implements Provider {
  readonly name: string;
  /** While true, everything is accepted at once. */
  well = false;
  closed = 0;
  readonly #random: Random;
  readonly #ended: Map<string, number>;

  /** @param ended where the endings are counted */
  constructor(name: string, random: Random, ended: Map<string, number>) {
    this.name = name;
    this.#random = random;
    this.#ended = ended;
  }

  unsupported(message: PreparedMessage): readonly string[] {
    const scheduled = message.sendAt === undefined ? [] : ["sendAt"];
    return message.tags.length > 0 && this.name.endsWith("untagged") ? [...scheduled, "tags"] : scheduled;
  }

  send(_message: PreparedMessage, attempt: AttemptContext): Promise<{ providerMessageId: string }> {
    const name = this.well ? "accepted" : lottery.draw(this.#random);
    this.#ended.set(name, (this.#ended.get(name) ?? 0) + 1);
    return endAs(name, attempt, this.#random);
  }

  async load(): Promise<void> {}

  async close(): Promise<void> {
    this.closed += 1;
  }
}

import type { Post } from "./chat-webhook.ts";

/** Milliseconds from a post that failed to the next try; doubled each time. */
const shortestPause = 1_000;
const longestPause = 60_000;

/**
 * What is still to be posted: of each subject only the latest, so that a chat which was out hears how things are, and not
 * all that happened meanwhile. What timed out is posted again, since nobody knows whether it arrived.
 */
export class Outbox {
  readonly #post: Post;
  readonly #pending = new Map<string, string>();
  #posting = false;

  constructor(post: Post) {
    this.#post = post;
  }

  put(subject: string, text: string): void {
    this.#pending.delete(subject);
    this.#pending.set(subject, text);
    if (!this.#posting) void this.#postAll();
  }

  clear(): void {
    this.#pending.clear();
  }

  async #postAll(): Promise<void> {
    this.#posting = true;
    let pause = shortestPause;
    for (let next = this.#next(); next; next = this.#next()) {
      const [subject, text] = next;
      try {
        await this.#post(text);
        if (this.#pending.get(subject) === text) this.#pending.delete(subject);
        pause = shortestPause;
      } catch (error) {
        if (pause === shortestPause) warn(error);
        await new Promise((resolve) => setTimeout(resolve, pause).unref());
        pause = Math.min(2 * pause, longestPause);
      }
    }
    this.#posting = false;
  }

  #next(): readonly [subject: string, text: string] | undefined {
    const [first] = this.#pending;
    return first;
  }
}

/** Once, until something could be posted again. */
function warn(error: unknown): void {
  const why = error instanceof Error ? error.message : "no reason given";
  process.emitWarning(`An alert could not be posted (${why}). It is tried again until it can.`);
}

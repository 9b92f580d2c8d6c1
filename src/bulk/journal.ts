import { createHash, type Hash } from "node:crypto";
import { nameOf } from "../printable.ts";
import { type CampaignState, type Checkpoint, CheckpointError, type Counts, isCampaignState } from "./checkpoint.ts";
import type { CampaignContent } from "./content.ts";
import { Ranges } from "./ranges.ts";
import { fieldsOf } from "./recipient.ts";

/** What is known of each recipient of a campaign, and its way into the checkpoint. */
export class Journal {
  readonly #checkpoint: Checkpoint | undefined;
  readonly #content: string;
  readonly #earlier: CampaignState | undefined;
  readonly #recipients: Hash | undefined;
  readonly #settled: Ranges;
  readonly #inFlight: Ranges;
  readonly #unknown: Ranges;
  readonly #interrupted: Ranges;
  readonly #counts: { -readonly [K in keyof Counts]: Counts[K] };
  readonly id: string;
  #read = 0;
  /** The recipients are those that an earlier process read; until that is sure, its state stays as it is. */
  #verified: boolean;
  #writing: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  private constructor(checkpoint: Checkpoint | undefined, content: string, id: string, earlier?: CampaignState) {
    this.#checkpoint = checkpoint;
    this.#content = content;
    this.id = earlier?.id ?? id;
    this.#earlier = earlier;
    this.#recipients = checkpoint && createHash("sha256");
    this.#settled = new Ranges(earlier?.settled);
    this.#inFlight = new Ranges(earlier?.inFlight);
    this.#unknown = new Ranges(earlier?.unknown);
    this.#interrupted = new Ranges(earlier?.inFlight);
    this.#verified = this.readBefore === 0;
    this.#counts = { accepted: 0, rejected: 0, unknown: 0, suppressed: 0, ...earlier?.counts };
  }

  /** @throws CheckpointError if what is there cannot be read, or is of another message */
  static async open(checkpoint: Checkpoint | undefined, content: CampaignContent, id: string): Promise<Journal> {
    if (!checkpoint) return new Journal(undefined, "", id);
    const fingerprint = fingerprintOf(content);
    const state = await guardedCall("load", () => checkpoint.load());
    if (state === undefined) return new Journal(checkpoint, fingerprint, id);
    if (!isCampaignState(state))
      throw new CheckpointError("The checkpoint holds something else than a campaign's state");
    if (state.content !== fingerprint) {
      throw new CheckpointError(
        "The checkpoint is of another message. Go on with the message that the campaign began with, or begin a new " +
          "campaign, with a new checkpoint and without those who have their mail",
      );
    }
    return new Journal(checkpoint, fingerprint, id, state);
  }

  get counts(): Counts {
    return this.#counts;
  }

  get read(): number {
    return this.#read;
  }

  /** So many recipients were read before, by an earlier process. */
  get readBefore(): number {
    return this.#earlier?.read ?? 0;
  }

  /** Whether the mail of that recipient was on its way when that process ended. */
  wasInterrupted(index: number): boolean {
    return this.#interrupted.has(index);
  }

  isSettled(index: number): boolean {
    return this.#settled.has(index);
  }

  /** Notes that one more recipient was read. */
  noteRead(recipient: unknown): void {
    this.#read += 1;
    this.#recipients?.update(`${textOf(recipient)}\n`);
  }

  /**
   * Looks whether the recipients that the earlier process read are those that were read now.
   *
   * @throws CheckpointError if not
   */
  checkRecipients(): void {
    const earlier = this.#earlier;
    if (!earlier || (this.#read === earlier.read && this.#digest() === earlier.recipients)) {
      this.#verified = true;
      return;
    }
    throw new CheckpointError(
      `The first ${earlier.read} recipients are not those that the checkpoint knows, in their order: nobody could ` +
        "tell who has the mail already. Nothing was sent. Give the same recipients in the same order; new ones go to the end",
    );
  }

  begin(indices: readonly number[]): void {
    for (const index of indices) this.#inFlight.add(index);
  }

  /** They have no mail, and may be tried again. */
  putBack(indices: readonly number[]): void {
    for (const index of indices) this.#inFlight.delete(index);
  }

  settle(index: number, how: keyof Counts): void {
    this.#inFlight.delete(index);
    this.#settled.add(index);
    if (how === "unknown") this.#unknown.add(index);
    this.#counts[how] += 1;
  }

  /**
   * Resolves once all that was noted before is saved.
   *
   * @throws CheckpointError
   */
  async write(): Promise<void> {
    if (!this.#checkpoint || !this.#verified) return;
    this.#queued ??= this.#writing.then(() => {
      this.#queued = undefined;
      this.#writing = this.#save();
      return this.#writing;
    });
    return this.#queued;
  }

  async #save(): Promise<void> {
    await guardedCall("save", () => this.#checkpoint?.save(this.#state()));
  }

  #state(): CampaignState {
    return {
      version: 1,
      id: this.id,
      content: this.#content,
      read: this.#read,
      recipients: this.#digest(),
      settled: this.#settled.list(),
      inFlight: this.#inFlight.list(),
      unknown: this.#unknown.list(),
      counts: { ...this.#counts },
    };
  }

  #digest(): string {
    return this.#recipients?.copy().digest("hex") ?? "";
  }
}

/** What cannot be read, or written as JSON, is refused as a recipient anyway. */
function textOf(recipient: unknown): string {
  try {
    return JSON.stringify(fieldsOf(recipient));
  } catch {
    return "";
  }
}

async function guardedCall<T>(name: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`checkpoint.${name}() failed (${nameOf(error)}); the campaign sends nothing without it`);
  }
}

function fingerprintOf({ draft, subject, text, html, headers, metadata, unsubscribe }: CampaignContent): string {
  const hash = createHash("sha256");
  const { attachments, text: _text, html: _html, size: _size, ...rest } = draft;
  hash.update(JSON.stringify([rest, subject, text, html, headers, metadata, unsubscribe.source]));
  for (const { content, ...attachment } of attachments) hash.update(JSON.stringify(attachment)).update(content);
  return hash.digest("hex");
}

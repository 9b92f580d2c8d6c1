import type { Range } from "./ranges.ts";

/** How far a campaign is: small, however many recipients it has. */
export interface CampaignState {
  /** Of the form of this state. */
  readonly version: 1;
  /** Id of the campaign; that of a mail is this and the place of its recipient. */
  readonly id: string;
  /** Fingerprint of the message. */
  readonly content: string;
  /** So many recipients were read … */
  readonly read: number;
  /** … of which this is the fingerprint, in their order. */
  readonly recipients: string;
  /** Places of recipients of whom is known what became of them, from 0. */
  readonly settled: readonly Range[];
  /** Places of recipients whose mail is on its way to a provider. */
  readonly inFlight: readonly Range[];
  /** Places of recipients who may have the mail, among those that are settled: to be looked up at the providers. */
  readonly unknown: readonly Range[];
  /** What became of those that are settled. */
  readonly counts: Counts;
}

/** Recipients of whom is known what became of them. */
export interface Counts {
  /** Some provider took the mail. */
  readonly accepted: number;
  /** Not sent, for whatever reason but suppression. */
  readonly rejected: number;
  /** Somebody may have the mail. */
  readonly unknown: number;
  /** Not sent, since `suppress` said so. */
  readonly suppressed: number;
}

/**
 * Where a campaign keeps its state, so that a new process can go on. One campaign, one checkpoint, one process at a time.
 */
export interface Checkpoint {
  /** The state that was saved last; undefined if there is none. */
  load(): Promise<CampaignState | undefined>;
  /** Resolves when the state would survive a crash. Never called while a call is under way. */
  save(state: CampaignState): Promise<void>;
}

/** A checkpoint that cannot be used: it could not be read or written, or belongs to another message or other recipients. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** Whether a checkpoint gave what can be a state. */
export function isCampaignState(value: unknown): value is CampaignState {
  const at = (object: unknown, key: string): unknown => Reflect.get(Object(object), key);
  const counts = at(value, "counts");
  const read = at(value, "read");
  return (
    at(value, "version") === 1 &&
    ["id", "content", "recipients"].every((key) => typeof at(value, key) === "string") &&
    isCount(read) &&
    ["settled", "inFlight", "unknown"].every((key) => areRangesBelow(read, at(value, key))) &&
    ["accepted", "rejected", "unknown", "suppressed"].every((key) => isCount(at(counts, key)))
  );
}

/** Ranges in their order, of places among so many. */
function areRangesBelow(end: number, value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  let next = 0;
  return value.every((range: unknown) => {
    if (!Array.isArray(range) || range.length !== 2) return false;
    const [first, last]: unknown[] = range;
    if (!isCount(first) || !isCount(last)) return false;
    const isInOrder = first >= next && last >= first && last < end;
    next = last + 1;
    return isInOrder;
  });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

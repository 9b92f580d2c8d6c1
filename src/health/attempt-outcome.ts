import type { Failure } from "../failure.ts";

/**
 * What an attempt says of its provider: all that its reason means; nothing by itself; or nothing at all, as when its
 * caller cut it short.
 */
export type Bearing = "full" | "neutral" | "none";

/** What the guard is told of an attempt. */
export type AttemptOutcome = { readonly duration: number; readonly bearing: Bearing } & (
  | { readonly outcome: "accepted" }
  | {
      readonly outcome: "not-sent" | "unknown";
      readonly failure: Failure;
      /** Id of the message. */
      readonly id: string;
    }
);

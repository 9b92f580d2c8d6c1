import type { OnUnknown } from "../delivery/on-unknown.ts";
import type { Failure } from "../failure.ts";

/**
 * What becomes of mails whose attempt failed:
 *
 * - `again`: by whichever provider can
 * - `elsewhere`: by any but this one
 * - `split`: in two halves, to find out whose fault it is
 * - `refused`, `unknown`, `failed`: that was it
 */
export type Fate = "again" | "elsewhere" | "split" | "refused" | "unknown" | "failed";

export interface Circumstances {
  readonly onUnknown: OnUnknown;
  /** Mails in the request that the failure is about. */
  readonly size: number;
  /** Earlier attempts for these mails that may have been sent. */
  readonly unknowns: number;
  /** Other providers that called these mails malformed. */
  readonly invalids: number;
  /** Whether another provider could still be asked. */
  readonly elsewhere: boolean;
  /** One mail after the other was refused lately, so what is refused is what they have in common. */
  readonly isHopeless: boolean;
}

/** At most so many copies of a mail, as for a single one. */
const mostUnknowns = 2;

/** So many providers must call a mail malformed before it is believed. */
const opinions = 2;

/** What is true of one mail is not true of all that shared a request with it: those are told apart first. */
export function fateAfter({ reason, sent, scope }: Failure, about: Circumstances): Fate {
  if (sent === "maybe") {
    const mayGoOn = about.onUnknown === "failover" && about.unknowns + 1 < mostUnknowns && about.elsewhere;
    return mayGoOn ? "elsewhere" : "unknown";
  }
  const goOn: Fate = about.elsewhere ? "elsewhere" : "refused";
  const canSplit = about.size > 1 && !about.isHopeless;
  switch (reason) {
    case "rejected":
      return canSplit ? "split" : "refused";
    case "invalid":
      if (canSplit) return "split";
      return about.invalids + 1 >= opinions ? "refused" : goOn;
    case "too-large":
      return canSplit ? "split" : goOn;
    case "unsupported":
    case "not-found":
      return goOn;
    case "internal":
      // An adapter that is not set up yet, as without its SDK: what somebody mends must not have cost anybody a mail.
      return about.elsewhere ? "elsewhere" : "again";
    default:
      // Of the account or the provider, or cut short: none of the mails is to blame.
      return scope === "message" ? goOn : "again";
  }
}

import type { BatchContent, BatchRecipient } from "../message/batch.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";
import type { RouteContent } from "./carriage.ts";
import type { Mail } from "./feed.ts";
import type { History } from "./history.ts";

/** Mails that went the same way so far. */
export interface Piece<N extends string, R> {
  readonly mails: Mail<R>[];
  readonly history: History<N>;
}

/** Mails for one request. */
export interface Load<R> {
  readonly mails: readonly Mail<R>[];
  /** Those mails as that provider gets them. */
  readonly recipients: readonly BatchRecipient[];
  readonly content: BatchContent;
  /** Whether they go by the provider's batch; if not, it is one. */
  readonly batched: boolean;
  readonly dropped: readonly string[];
}

/** A batch that so many others may not share goes as it is: to look at all of them each time would take for ever. */
const mostPassedOver = 200;

/**
 * Takes mails for one request from the front of a piece: those that may share it, none of them with the address of
 * another, since an ESP that has a map of addresses would send to it once.
 *
 * @returns what is to be sent, if anything, and those that this provider cannot carry, which are taken out too
 */
export function takeLoad<N extends string, R>(
  piece: Piece<N, R>,
  { name, provider }: ResolvedRoute<N>,
  content: RouteContent<N>,
  most: number,
): { readonly load: Load<R> | undefined; readonly misfits: readonly Piece<N, R>[] } {
  const left: Mail<R>[] = [];
  const misfits = new Map<string, Piece<N, R>>();
  const addresses = new Set<string>();
  let load: (Load<R> & { readonly mails: Mail<R>[]; readonly recipients: BatchRecipient[] }) | undefined;
  let key: string | undefined;
  let limit = most;
  let taken = 0;
  for (const mail of piece.mails) {
    if (load && (load.mails.length >= limit || left.length >= mostPassedOver)) break;
    taken += 1;
    const carriage = content.carriageOf(mail.mail);
    if ("missing" in carriage) {
      const fields = carriage.missing;
      const misfit = misfits.get(fields.join()) ?? {
        mails: [],
        history: piece.history.without({ provider: name, fields }),
      };
      misfits.set(fields.join(), misfit);
      misfit.mails.push(mail);
      continue;
    }
    const address = mail.mail.to.address.toLowerCase();
    if (!load) {
      const { content: shared, batchKey, dropped } = carriage;
      key = batchKey;
      limit = key === undefined ? 1 : Math.min(most, provider.batch?.limit ?? 1);
      load = { mails: [], recipients: [], content: shared, batched: key !== undefined, dropped };
    } else if (carriage.batchKey !== key || addresses.has(address)) {
      left.push(mail);
      continue;
    }
    addresses.add(address);
    load.mails.push(mail);
    load.recipients.push(carriage.mail);
  }
  piece.mails.splice(0, taken, ...left);
  return { load, misfits: [...misfits.values()] };
}

import type { Receipt } from "steadymail";
import type { Name, Simulators } from "./scenario.ts";

/** What the sender was told of each message. */
export class Ledger {
  readonly receipts = new Map<string, Receipt<Name>>();
  /** Messages whose fate is unknown by the error that ended them. */
  readonly unknown = new Set<string>();
  readonly notSent = new Set<string>();
  sent = 0;
  /** Sends that nobody took at first, and that were sent again later. */
  sentAgain = 0;

  get failedOver(): number {
    return [...this.receipts.values()].filter((receipt) => receipt.attempts.length > 1).length;
  }

  get possibleDuplicates(): number {
    return [...this.receipts.values()].filter((receipt) => receipt.duplicate === "possible").length;
  }

  acceptedBy(name: Name): number {
    return [...this.receipts.values()].filter((receipt) => receipt.provider === name).length;
  }

  /** Compares what was told with what really arrived. */
  audit(simulators: Simulators): Audit {
    const copies = new Map<string, number>();
    for (const simulator of Object.values(simulators)) {
      for (const { steadymailId } of simulator.inbox) {
        if (steadymailId !== undefined) copies.set(steadymailId, (copies.get(steadymailId) ?? 0) + 1);
      }
    }
    const duplicated = [...copies].filter(([, count]) => count > 1).map(([id]) => id);
    return {
      realDuplicates: duplicated.length,
      duplicatesWithoutAWord: duplicated.filter((id) => !this.#isMarked(id)).length,
      lost: [...this.receipts.keys()].filter((id) => !copies.has(id)).length,
      sentButDenied: [...this.notSent].filter((id) => copies.has(id)).length,
      unaccounted: this.sent - this.receipts.size - this.unknown.size - this.notSent.size,
    };
  }

  #isMarked(id: string): boolean {
    return this.receipts.get(id)?.duplicate === "possible" || this.unknown.has(id);
  }
}

export interface Audit {
  /** Messages that arrived more than once. */
  readonly realDuplicates: number;
  /** Those among them of which the sender was not warned. */
  readonly duplicatesWithoutAWord: number;
  /** Messages reported as accepted that nobody has. */
  readonly lost: number;
  /** Messages reported as not sent that somebody has. */
  readonly sentButDenied: number;
  /** Messages of which nothing was reported. */
  readonly unaccounted: number;
}

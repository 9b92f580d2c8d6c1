import type { Message, Receipt } from "../../../src/index.ts";
import type { EspName, Simulator } from "../../../src/testing/index.ts";
import { letter } from "../../mailer/support.ts";
import { startEsp } from "./esps.ts";

/** Each ESP once first and once second. */
export const pairs = [
  ["ses", "sendgrid"],
  ["sendgrid", "mailgun"],
  ["mailgun", "mailjet"],
  ["mailjet", "ses"],
] as const satisfies readonly (readonly [EspName, EspName])[];

export function startPair<A extends EspName, B extends EspName>(
  first: A,
  second: B,
): Promise<[Simulator<A>, Simulator<B>]> {
  return Promise.all([startEsp(first), startEsp(second)]);
}

/** Messages that differ. */
export function letters(count: number): readonly (Message & { readonly subject: string })[] {
  return Array.from({ length: count }, (_, index) => ({ ...letter, subject: `Your order no. ${index + 1}` }));
}

/** How often a send's message is in the inboxes. */
export function copies(id: string, ...esps: readonly Pick<Simulator, "inbox">[]): number {
  return esps.flatMap(({ inbox }) => inbox).filter(({ steadymailId }) => steadymailId === id).length;
}

export function mayBeDuplicate({ attempts }: Pick<Receipt, "attempts">): boolean {
  return attempts.some(({ outcome }) => outcome === "unknown");
}

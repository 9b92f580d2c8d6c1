import type { Address } from "../message/message.ts";

/** The domain of a mailbox, in lower case. */
export function domainOf({ address }: Address): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

/** The domain of a mailbox and those above it, the nearest first, without the top-level domain. */
export function domainsOf(mailbox: Address): readonly [string, ...string[]] {
  const domain = domainOf(mailbox);
  const labels = domain.split(".");
  return [domain, ...labels.slice(1, -1).map((_, index) => labels.slice(index + 1).join("."))];
}

/** Whether one is the other, or beneath it. */
export function isWithin(domain: string, other: string): boolean {
  return domain === other || domain.endsWith(`.${other}`);
}

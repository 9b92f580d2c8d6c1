import { createHash } from "node:crypto";
import type { Weighted } from "./smooth-weighted-round-robin.ts";

/**
 * Weighted rendezvous hashing: ranks the members for a key, each first for its share of all keys. When one leaves, only
 * its own keys move, each to its second rank.
 *
 * @see Schindelhauer, Schomaker: Weighted Distributed Hash Tables (2005)
 */
export function rendezvous(key: string, members: readonly Weighted<string>[]): string[] {
  return members
    .map((member) => ({ key: member.key, score: -member.weight / Math.log(fraction(`${key}\0${member.key}`)) }))
    .sort((a, b) => b.score - a.score)
    .map((ranked) => ranked.key);
}

/** A number in (0, 1) that depends on the text alone. */
function fraction(text: string): number {
  const bits = 48;
  const hash = createHash("sha256")
    .update(text)
    .digest()
    .readUIntBE(0, bits / 8);
  return (hash + 0.5) / 2 ** bits;
}

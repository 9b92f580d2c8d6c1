import { type ReceivedRequest, refused } from "./esp.ts";
import { effects, type Fault } from "./fault.ts";

/** Whether it opens a connection and asks for nothing. */
export function isKnockOf({ method, target, headers }: ReceivedRequest): boolean {
  return method === "HEAD" && target === "/" && !headers.has("authorization");
}

/** What it is told. */
export const knocked = refused({ status: 404, headers: {}, body: "" });

/** It suffers what leaves it without an answer, or makes that late. */
export function isHeardByKnocks({ kind }: Fault): boolean {
  const { ending } = effects[kind];
  return ending === "reset" || ending === "silence" || kind === "slow";
}

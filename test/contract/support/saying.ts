import { expect } from "vitest";
import type { Failure } from "../../../src/index.ts";
import type { EspName } from "../../../src/testing/index.ts";
import type { Reply } from "../../providers/esp-server.ts";
import { adapterOf, openMailer, startEsp } from "./esps.ts";
import { failureAtOnly } from "./verdicts.ts";

export const json = { "content-type": "application/json" };

/** How a message fails when the ESP says this of it, to an adapter that must have asked once. */
export async function failureWhenSaid(name: EspName, reply: Reply): Promise<Failure> {
  const esp = await startEsp(name);
  await esp.fault({ kind: "status", ...reply });
  const failure = await failureAtOnly(openMailer({ providers: [adapterOf(esp)], retry: { maxRounds: 1 } }));
  expect([esp.requests, esp.inbox]).toEqual([1, []]);
  return failure;
}

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished } from "vitest";
import type { Message, OnUnknown } from "../../../src/index.ts";
import { type EspName, memoryProvider } from "../../../src/testing/index.ts";
import { adapterOf, openMailer } from "../../contract/support/esps.ts";
import { next } from "../../contract/support/fault-servers.ts";
import { copies } from "../../contract/support/pairs.ts";
import { healthOf, letter } from "../../mailer/support.ts";
import type { MatrixFault, Stall, Verdict } from "../faults/fault.ts";
import { expectAccepted, expectFailure, expectHealth, failureBy, outcomeOf, verdictAt } from "./outcome.ts";
import { openSite, type Place, type Site } from "./site.ts";
import { expectNoTimers, passTimeLimit, stopTimeAtWholeSecond } from "./time.ts";
import { atOnce, until } from "./until.ts";

/** One way for a fault to meet a mailer. */
export interface Cell extends Place {
  readonly onUnknown: OnUnknown;
}

const id = "the-message";
const timeout = 10_000;

/** Has the fault strike one message, and checks everything that can be seen of it, inside and outside. */
export async function checkCell({ onUnknown, ...place }: Cell, fault: MatrixFault): Promise<void> {
  stopTimeAtWholeSecond();
  const site = await openSite(place, fault);
  const { esp, connections } = site;
  const adapter = adapterOf(esp, place.name, site.url);
  const standby = memoryProvider({ name: "standby" });
  const mailer = openMailer<EspName | "standby">({
    providers: [adapter, standby],
    onUnknown,
    timeout,
    retry: { maxRounds: 1 },
  });
  const used = place.connection === "reused connection" ? 1 : 0;
  if (used) await mailer.send(letter);
  expect([connections.made, connections.open, esp.requests]).toEqual([used, used, used]);

  await site.begin();
  const verdict = verdictAt(place.name, fault);
  const requests = used + (verdict.requests ?? 1);
  const connects = verdict.connects ?? 1 - used;
  const delivered = verdict.delivered ? 1 : 0;
  const begun = countRequestsBegun();
  const headSeen = next("http.client.response.finish");
  const sending = outcomeOf(mailer.send(messageFor(fault), { id }));
  if (verdict.stalls) {
    await reach(verdict.stalls, site, requests, headSeen);
    await passTimeLimit(timeout, sending);
  }
  const outcome = await sending;
  await until("the ESP saw the request", () => esp.requests >= requests);
  await until("the ESP took the message", () => copies(id, esp) >= delivered);

  const send = { id, first: place.name, standby, onUnknown };
  if (verdict.reason === "accepted") {
    expectAccepted(outcome, send);
    expect(outcome.accepted?.providerMessageId).toBe(esp.inbox.at(-1)?.id);
  } else {
    const failure = failureBy(verdict, begun.count > 0);
    expectFailure(outcome, failure, send);
    expectHealth(healthOf(mailer, place.name), failure, used, used === 1 && connects === 0);
    if (failure.sent === "no") expect(delivered).toBe(0);
  }

  await site.heal();
  await expectConnection(adapter, site, verdict, connects, used);
  await mailer.close();
  await until("no connection is left", () => connections.open === 0, atOnce);
  await site.close();
  expect([esp.requests, copies(id, esp)]).toEqual([requests + 1, delivered]);
  await expectNoTimers();
}

/** More than the system holds for a server that does not read. */
const bulk = Buffer.alloc(5_000_000, "bulk");

function messageFor({ how }: MatrixFault): Message {
  if ("simulator" in how || how.strikes !== "upload") return letter;
  return { ...letter, attachments: [{ filename: "bulk.bin", content: bulk }] };
}

/** What Node tells of the requests that the client has begun to write. */
function countRequestsBegun(): { readonly count: number } {
  const begun = { count: 0 };
  const listener = () => {
    begun.count += 1;
  };
  subscribe("http.client.request.start", listener);
  onTestFinished(() => void unsubscribe("http.client.request.start", listener));
  return begun;
}

/** Resolves where the attempt has come as far as it ever will. */
async function reach(stall: Stall, { esp, connections }: Site, requests: number, headSeen: Promise<void>) {
  if (stall === "after the head") await headSeen;
  else if (stall === "in the handshake") await until("the handshake has begun", () => connections.bytesOfNewest > 0);
  else await until("the ESP saw the request", () => esp.requests === requests);
}

/** A message afterwards goes over the same connection where that was left whole, and else over a new one. */
async function expectConnection(
  adapter: ReturnType<typeof adapterOf>,
  { esp, connections }: Site,
  { connection }: Verdict,
  connects: number,
  used: number,
): Promise<void> {
  const kept = connection === "kept" ? 1 : 0;
  await until(`the connection is ${connection}`, () => connections.open === kept, atOnce);
  expect(connections.made).toBe(used + connects);
  // By a mailer that knows nothing of the fault, over the same connections.
  const receipt = await openMailer({ providers: [adapter] }).send(letter);
  expect(receipt.attempts).toHaveLength(1);
  expect(receipt.providerMessageId).toBe(esp.inbox.at(-1)?.id);
  expect([connections.made, connections.open]).toEqual([used + connects + 1 - kept, 1]);
}

import { vi } from "vitest";
import { createMailer, type Mailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { type Ending, letter, pass, send, settled, start, times } from "./health-support.ts";
import { eventNames } from "./support.ts";

export type EventName = (typeof eventNames)[number];

/** All events of a mailer from now on, in their order. */
export function recorded<N extends string>(mailer: Mailer<N>): { name: EventName; event: object }[] {
  const events: { name: EventName; event: object }[] = [];
  for (const name of eventNames) mailer.on(name, (event) => events.push({ name, event }));
  return events;
}

/** A life in which every event happens: needs fake time. Tells how each send ended. */
export async function lifeWithEveryEvent(prepare: (mailer: Mailer<"primary" | "standby">) => void): Promise<unknown[]> {
  vi.setSystemTime(start);
  const primary = memoryProvider({ name: "primary", unsupported: ({ sendAt }) => (sendAt ? ["sendAt"] : []) });
  const standby = memoryProvider({ name: "standby" });
  const mailer = createMailer({ providers: [primary, standby], retry: { maxRounds: 1 } });
  prepare(mailer);
  const endings: Ending<"primary" | "standby">[] = [];
  const sendAll = async (...outcomes: Outcome[]) => {
    primary.script(...outcomes);
    for (const _ of outcomes) endings.push(await send(mailer));
  };

  await mailer.send({ ...letter, sendAt: new Date() });
  await sendAll("unavailable", ...times(4, "accepted"));
  mailer.isolate("primary")[Symbol.dispose]();
  await sendAll({ reason: "throttled", retryAfter: 1_000 });
  await pass(60_000);
  mailer.health();
  await pass(60_000);
  mailer.health();
  standby.script("suspended");
  await sendAll("suspended");
  await sendAll("accepted");
  await settled();
  await pass(60_000);
  mailer.health();

  return endings.map((ending) =>
    ending.ok
      ? { provider: ending.receipt.provider, attempts: ending.receipt.attempts }
      : { kind: ending.error.kind, attempts: ending.error.attempts },
  );
}

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Mailer, MailerEvents, Message } from "../../src/index.ts";
import { fixRandom, letter, steps } from "../mailer/support.ts";
import { stopTime } from "../wire/harness.ts";
import { adapterOf, openMailer, startEsp } from "./support/esps.ts";
import { errorOf, withoutWaiting } from "./support/verdicts.ts";

type EventName = keyof MailerEvents;
type Names = "ses" | "sendgrid";

/** Every event that single sends bring about; the type makes sure that none is missing. */
const events: Readonly<Record<Exclude<EventName, `campaign:${string}` | `drill:${string}`>, true>> = {
  accepted: true,
  failed: true,
  attempt: true,
  failover: true,
  "provider:changed": true,
  "provider:degraded": true,
  "provider:down": true,
  "provider:probing": true,
  "provider:recovering": true,
  "provider:recovered": true,
  "provider:throttled": true,
  "provider:unthrottled": true,
  "provider:isolated": true,
  "provider:restored": true,
  "all-down": true,
  "all-down:over": true,
  warning: true,
};
const eventNames = Object.keys(events).filter((name): name is EventName => name in events);

const faultyListeners: readonly (readonly [what: string, listener: () => unknown])[] = [
  [
    "throws",
    () => {
      throw new Error("a fault of the listener");
    },
  ],
  [
    "throws what is no error",
    () => {
      throw undefined;
    },
  ],
  ["rejects", () => Promise.reject(new Error("a fault of the listener"))],
  ["rejects with what is no error", () => Promise.reject(undefined)],
  [
    "returns something that cannot be awaited",
    () =>
      new Proxy(
        {},
        {
          get() {
            throw new Error("a fault of the listener");
          },
        },
      ),
  ],
  ["never ends", () => new Promise(() => {})],
];

/** Real adapters and simulators, taken through everything that makes an event; gives what came of each send. */
async function story(prepare: (mailer: Mailer<Names>) => void): Promise<readonly string[]> {
  fixRandom();
  const [first, second] = await Promise.all([startEsp("ses"), startEsp("sendgrid")]);
  stopTime();
  const mailer = openMailer({ providers: [adapterOf(first), adapterOf(second)] });
  prepare(mailer);
  const outcomes: string[] = [];
  const send = async (parts: Partial<Message> = {}) => {
    const sending = mailer.send({ ...letter, ...parts });
    const told = sending.then(
      (receipt) => `${receipt.provider} ${receipt.duplicate}: ${steps(receipt)}`,
      async () => {
        const error = await errorOf(sending);
        return `${error.kind}: ${steps(error)}`;
      },
    );
    outcomes.push(await withoutWaiting(told));
  };

  for (let sent = 0; sent < 4; sent++) await send();
  await first.fault({ kind: "status", status: 500 }, { times: 1 });
  await send();
  await send({ sendAt: new Date(Date.now() + 3_600_000) });
  vi.advanceTimersByTime(31_000);
  await send();
  vi.advanceTimersByTime(31_000);
  await first.fault({ kind: "throttle", retryAfter: 1_000 }, { times: 1 });
  await send();
  vi.advanceTimersByTime(1_000);
  await send();
  const isolation = mailer.isolate("ses");
  await send();
  isolation[Symbol.dispose]();
  await Promise.all([first, second].map((esp) => esp.fault({ kind: "unauthorized" })));
  await send();
  await Promise.all([first, second].map((esp) => esp.heal()));
  vi.advanceTimersByTime(15_001);
  await send();
  vi.advanceTimersByTime(31_000);
  await send();
  outcomes.push(`${first.inbox.length} at ses, ${second.inbox.length} at sendgrid`);
  return outcomes;
}

const outcomes = [
  "ses no: ses accepted",
  "ses no: ses accepted",
  "ses no: ses accepted",
  "ses no: ses accepted",
  "sendgrid possible: ses server-error,sendgrid accepted",
  "sendgrid no: sendgrid accepted",
  "ses no: ses accepted",
  "sendgrid no: ses throttled,sendgrid accepted",
  "ses no: ses accepted",
  "sendgrid no: sendgrid accepted",
  "unavailable: ses authentication,sendgrid authentication",
  "ses no: ses accepted",
  "sendgrid no: sendgrid accepted",
  "7 at ses, 5 at sendgrid",
];

const warned: string[] = [];
beforeEach(() => {
  warned.length = 0;
  vi.spyOn(process, "emitWarning").mockImplementation((text) => void warned.push(String(text)));
});

const unhandled: unknown[] = [];
const remember = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => void process.on("unhandledRejection", remember));
afterEach(() => void process.off("unhandledRejection", remember));

it("without listeners the story goes like this", async () => {
  expect(await story(() => {})).toEqual(outcomes);
});

it("every event is in the story", async () => {
  const told = new Set<EventName>();
  await story((mailer) => {
    for (const name of eventNames) mailer.on(name, () => told.add(name));
  });
  expect(eventNames.filter((name) => !told.has(name))).toEqual([]);
});

describe.each(eventNames)("a listener of “%s”", (name) => {
  it.each(faultyListeners)(
    "that %s changes no outcome, and keeps no other listener from its event",
    async (what, listener) => {
      // Not spies: those look at what is returned, and so would handle a rejection themselves.
      const seen: { readonly by: "faulty" | "faulty once" | "healthy"; readonly event: unknown }[] = [];
      const told = await story((mailer) => {
        mailer
          .on(name, (event) => {
            seen.push({ by: "faulty", event });
            return listener();
          })
          .once(name, (event) => {
            seen.push({ by: "faulty once", event });
            return listener();
          })
          .on(name, (event) => {
            seen.push({ by: "healthy", event });
          });
      });

      expect(told).toEqual(outcomes);
      const eventsOf = (by: string) => seen.filter((each) => each.by === by).map(({ event }) => event);
      expect(eventsOf("faulty").length).toBeGreaterThan(0);
      expect(eventsOf("faulty once")).toEqual(eventsOf("faulty").slice(0, 1));
      expect(eventsOf("healthy")).toEqual(eventsOf("faulty"));
      const ofListeners = warned.filter((text) => text.includes(`A listener of "${name}" failed`));
      expect(ofListeners).toHaveLength(what === "never ends" ? 0 : eventsOf("faulty").length + 1);
      expect(unhandled).toEqual([]);
    },
  );
});

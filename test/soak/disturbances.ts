import type { MailerEvents } from "../../src/index.ts";
import type { House } from "./house.ts";
import type { Random } from "./random.ts";

/** Does something beside the sends, and returns what takes it back. */
type Disturbance = (house: House, random: Random) => () => void;

const eventNames = [
  "accepted",
  "failed",
  "attempt",
  "failover",
  "provider:changed",
  "provider:down",
  "provider:recovered",
  "all-down",
  "warning",
] as const satisfies readonly (keyof MailerEvents)[];

/** What happens, and after how many sends again. */
export const disturbances: readonly (readonly [everySends: number, disturb: Disturbance])[] = [
  [97, isolate],
  [89, ({ mailer }, random) => listen(mailer, random, () => {})],
  [1_009, ({ mailer }, random) => listen(mailer, random, throwing)],
  [1_013, ({ mailer }, random) => listen(mailer, random, rejecting)],
  [101, listenOnce],
  [403, lookAtHealth],
];

function isolate({ mailer, names }: House, random: Random): () => void {
  const handle = mailer.isolate(random.pick(names));
  return () => handle[Symbol.dispose]();
}

function listen(mailer: House["mailer"], random: Random, listener: () => unknown): () => void {
  const name = random.pick(eventNames);
  // Each listener a function of its own, or taking back one would be no test of taking back the right one.
  const own = (): unknown => listener();
  mailer.on(name, own);
  return () => mailer.off(name, own);
}

function listenOnce({ mailer }: House, random: Random): () => void {
  const name = random.pick(eventNames);
  const listener = (): void => {};
  mailer.once(name, listener);
  return () => mailer.off(name, listener);
}

function lookAtHealth({ mailer }: House): () => void {
  mailer.health();
  return () => {};
}

function throwing(): never {
  throw new Error("a defect of the listener");
}

async function rejecting(): Promise<never> {
  throw new Error("a defect of the listener");
}

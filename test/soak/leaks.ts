import type { Mailer } from "../../src/index.ts";
import { realTimer } from "./virtual-time.ts";

/** What a leak can hold on to when a send has ended. */
export interface EndedSend {
  readonly outcome: unknown;
  readonly mailer: Mailer;
  /** The signal that very many sends share. */
  readonly sharedSignal: AbortSignal;
}

const kept: unknown[] = [];
const aDay = 86_400_000;

/** Leaks that can be planted, to see that they are found; each happens after each send. */
const leaks = {
  memory: ({ outcome }: EndedSend) => {
    kept.push(outcome);
  },
  timer: () => {
    setTimeout(() => {}, aDay);
  },
  resource: () => realTimer(aDay),
  "signal-listener": ({ sharedSignal }: EndedSend) => sharedSignal.addEventListener("abort", () => {}),
  "mailer-listener": ({ mailer }: EndedSend) => {
    mailer.on("warning", () => {});
  },
  "process-listener": () => {
    process.on("beforeExit", () => {});
  },
} as const satisfies Record<string, (send: EndedSend) => void>;

export type LeakName = keyof typeof leaks;

export const leakNames: readonly string[] = Object.keys(leaks);

export function isLeakName(name: string): name is LeakName {
  return Object.hasOwn(leaks, name);
}

/** What leaks after each send, if anything is to. */
export function plantedLeak(name: LeakName | undefined): (send: EndedSend) => void {
  return name === undefined ? () => {} : leaks[name];
}

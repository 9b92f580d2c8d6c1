import type { DrillFault, Mailer, MailerEvents } from "../../src/index.ts";
import { eventNames } from "../mailer/support.ts";

/** Every fault that can be rehearsed; the type makes sure that none is missing. */
const everyFault: Readonly<Record<DrillFault, true>> = {
  authentication: true,
  suspended: true,
  sender: true,
  quota: true,
  throttled: true,
  unreachable: true,
  unavailable: true,
  "response-lost": true,
  timeout: true,
  "bad-response": true,
  "server-error": true,
};
export const faults = Object.keys(everyFault).filter((fault): fault is DrillFault => fault in everyFault);

/** Names and `drill` marks of all events from now on, in their order. */
export function marksOf<N extends string>(mailer: Mailer<N>): string[] {
  const marks: string[] = [];
  for (const name of [...eventNames, "drill:started", "drill:over"] as const) {
    if (name === "provider:changed") continue;
    mailer.on(name, (event: MailerEvents<N>[typeof name]) => {
      const marked = "drill" in event && event.drill === true;
      marks.push(marked ? `${name} (drill)` : name);
    });
  }
  return marks;
}

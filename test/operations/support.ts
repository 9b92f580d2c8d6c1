import { createMailer, type Mailer, type MailerEvents, type MailerOptions } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { eventNames } from "../mailer/support.ts";

/** A provider and its standby, which have everything that comes. */
export function twoProviders(options: Omit<MailerOptions, "providers"> = {}) {
  const primary = memoryProvider({ name: "primary" });
  const standby = memoryProvider({ name: "standby" });
  return { primary, standby, mailer: createMailer({ providers: [primary, standby], ...options }) };
}

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

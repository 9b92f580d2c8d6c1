import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";

/** How something was refused. */
export interface Refusal {
  readonly error: "TypeError" | "RangeError" | "none";
  readonly message: string;
}

/** It was not. */
export const taken: Refusal = { error: "none", message: "" };

/** How `createMailer` refuses options that a program without types may give. */
export function refusalOf(options: unknown): Refusal {
  try {
    Reflect.apply(createMailer, undefined, [options]);
    return taken;
  } catch (error) {
    return describe(error);
  }
}

/** The same with one provider. */
export function refusalWith(options: object): Refusal {
  return refusalOf({ providers: [memoryProvider()], ...options });
}

/** How `send` refuses options. */
export async function sendRefusal(options: unknown): Promise<Refusal> {
  const mailer = createMailer({ providers: [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })] });
  const message = { from: "orders@example.com", to: "ada@example.org", subject: "Your order", text: "On its way." };
  try {
    await Reflect.apply(mailer.send, mailer, [message, options]);
    return taken;
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): Refusal {
  if (error instanceof TypeError) return { error: "TypeError", message: error.message };
  if (error instanceof RangeError) return { error: "RangeError", message: error.message };
  throw error;
}

/** As an error writes it. */
export function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Rows for `it.each`, which would take an array apart. */
export function rows(...values: readonly unknown[]): (readonly [unknown])[] {
  return values.map((value) => [value] as const);
}

import { SuppressedError, UnavailableError } from "../errors.ts";
import type { PreparedMessage } from "../message/message.ts";
import { nameOf } from "../printable.ts";
import type { Interruption, Interruptions } from "./interruptions.ts";

/**
 * Whether an address is to get no mail, whichever provider would carry it. It gets the address as the message has it, its
 * domain in ASCII (IDNA) but in the case in which it was written: compare without regard to case.
 */
export type Suppress = (address: string) => boolean | Promise<boolean>;

/** `failed`: what kept it from an answer, by the code or the name of an error, and never by its words. */
export type SuppressionAnswer = "suppressed" | "ok" | { readonly failed: string };

/** Asks for one address; never rejects. */
export async function askSuppress(suppress: Suppress, address: string): Promise<SuppressionAnswer> {
  try {
    const answer: unknown = await suppress(address);
    if (typeof answer !== "boolean") return { failed: "an answer that is no boolean" };
    return answer ? "suppressed" : "ok";
  } catch (error) {
    return { failed: nameOf(error) };
  }
}

/** The recipients of a message, as far as `suppress` is concerned. */
export type Recipients = Pick<PreparedMessage, "to" | "cc" | "bcc">;

/**
 * Asks for all recipients at once, for each address once, and waits for every answer.
 *
 * @returns what else ended the send before the answers were there
 * @throws SuppressedError if any recipient is suppressed
 * @throws UnavailableError if that could not be found out: then nobody gets the message, since one of them may be
 */
export async function refuseSuppressed(
  suppress: Suppress,
  recipients: Recipients,
  id: string,
  interruptions: Interruptions,
): Promise<Interruption | undefined> {
  const places = placesOf(recipients);
  const addresses = new Set(places.map(({ address }) => address));
  const answers = new Map<string, SuppressionAnswer>();
  const asking = Promise.all(
    Array.from(addresses, async (address) => answers.set(address, await askSuppress(suppress, address))),
  );
  const interruption = await interruptions.wait(interruptions.remaining, asking);
  if (interruption !== undefined && interruption !== "expired") return interruption;
  const paths = places.filter(({ address }) => answers.get(address) === "suppressed").map(({ path }) => path);
  if (paths.length > 0) throw new SuppressedError(id, paths);
  const fault = answers.size < addresses.size ? "gave no answer before the deadline" : failureAmong(answers.values());
  if (fault === undefined) return undefined;
  const text = `Message ${id} was not sent: suppress ${fault}, so that a recipient of it may be suppressed`;
  throw new UnavailableError(text, { id, attempts: [], skipped: [] });
}

function failureAmong(answers: Iterable<SuppressionAnswer>): string | undefined {
  const failure = [...answers].find((answer) => typeof answer === "object");
  return failure && `failed (${failure.failed})`;
}

/** Each recipient, in the order of the message. */
function placesOf({ to, cc, bcc }: Recipients): readonly { readonly path: string; readonly address: string }[] {
  return Object.entries({ to, cc, bcc }).flatMap(([field, list]) =>
    list.map(({ address }, index) => ({ path: `${field}[${index}]`, address })),
  );
}

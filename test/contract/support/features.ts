import { describe, expect, it } from "vitest";
import { isSteadyMailError, type Message } from "../../../src/index.ts";
import type { EspName, ReceivedMessage } from "../../../src/testing/index.ts";
import { adapterOf, type Esps, espNames, openMailer } from "./esps.ts";

/** What arrived, without what each ESP makes up itself. */
export type Arrival = Omit<ReceivedMessage, "id" | "at" | "raw" | "steadymailId">;

type ArrivalParts = { readonly [K in keyof Arrival]?: Arrival[K] | undefined };

/** Something that a message may ask for, and what becomes of it at each ESP. */
export interface Feature {
  readonly what: string;
  /** What it adds to the letter; a function where it can be read only once. */
  readonly message: Partial<Message> | (() => Partial<Message>);
  /** What arrives other than of the plain letter. */
  readonly arrives?: ArrivalParts;
  /** Where an ESP carries it in a way of its own. */
  readonly at?: Partial<Record<EspName, ArrivalParts>>;
  /** The fields by which an ESP refuses it, each for a reason that is said at the row. */
  readonly refused?: Partial<Record<EspName, readonly string[]>> | undefined;
}

export const letter = {
  from: "Shop <orders@example.com>",
  to: "ada@example.org",
  subject: "Your order",
  text: "Thank you for your order.",
} satisfies Message;

/** The letter as it arrives. Tracking is off, but for SES, where no request can say so. */
export function letterAt(esp: EspName): Arrival {
  return {
    from: { name: "Shop", address: "orders@example.com" },
    to: [{ address: "ada@example.org" }],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: "Your order",
    text: "Thank you for your order.",
    attachments: [],
    headers: [],
    tags: [],
    metadata: {},
    ...(esp === "ses" ? {} : { tracking: { opens: false, clicks: false } }),
  };
}

/** One test for each feature at each ESP: it arrives, with all else as it was, or is refused by the fields named. */
export function describeFeatures(title: string, esps: Esps, features: readonly Feature[]): void {
  describe.each(espNames)(`${title} at %s`, (name) => {
    const rows = features.map((feature) => [feature.what, feature] as const);
    const carried = rows.filter(([, { refused }]) => refused?.[name] === undefined);
    const refused = rows.filter(([, feature]) => feature.refused?.[name] !== undefined);

    it.each(carried)("carries %s", async (_what, feature) => {
      const expected = { ...letterAt(name), ...feature.arrives, ...feature.at?.[name] };
      expect(await arrivalOf(esps, name, messageOf(feature))).toEqual(expected);
    });

    it.each(refused)("does not take %s, and names the field", async (_what, feature) => {
      expect(await missingOf(esps, name, messageOf(feature))).toEqual(feature.refused?.[name]);
    });
  });
}

function messageOf({ message }: Feature): Message {
  return { ...letter, ...(typeof message === "function" ? message() : message) };
}

/** Sends by one ESP; the message must arrive once, at the first attempt, under the ids of its receipt. */
export async function arrivalOf(esps: Esps, name: EspName, message: Message): Promise<Arrival> {
  const esp = esps[name];
  const mailer = openMailer({ providers: [adapterOf(esp)] });
  const receipt = await mailer.send(message, { mayDrop: [] });
  expect(esp).toMatchObject({ requests: 1, inbox: [{ id: receipt.providerMessageId, steadymailId: receipt.id }] });
  expect(receipt).toMatchObject({ provider: name, duplicate: "no", dropped: [], skipped: [] });
  expect(receipt.attempts).toHaveLength(1);
  return arrivalIn(esp.inbox[0]);
}

export function arrivalIn(received: ReceivedMessage | undefined): Arrival {
  if (received === undefined) throw new Error("no message arrived");
  const { id: _id, steadymailId: _steadymailId, at: _at, raw: _raw, ...arrival } = received;
  return arrival;
}

/** The fields by which one ESP refuses a message before anything is sent. */
export async function missingOf(esps: Esps, name: EspName, message: Message): Promise<readonly string[]> {
  const mailer = openMailer({ providers: [adapterOf(esps[name])] });
  const error = await mailer.send(message, { mayDrop: [] }).catch((error: unknown) => error);
  if (!isSteadyMailError(error)) throw new Error("the send did not end with an error of the library", { cause: error });
  expect(error).toMatchObject({ kind: "unsupported", sent: "no", retryable: false, attempts: [] });
  expect(esps[name].requests).toBe(0);
  return error.kind === "unsupported" ? error.missing : [];
}

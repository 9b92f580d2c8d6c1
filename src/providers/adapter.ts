import type { PreparedMessage } from "../message/message.ts";
import type { Wire } from "../wire/wire.ts";
import { attempt, attemptBatch, type Esp, type EspBatch } from "./attempt.ts";
import { Inquiry } from "./inquiry.ts";
import type { BatchSending, Check, Provider } from "./provider.ts";
import { sdkLoader } from "./sdk-loader.ts";
import { warm } from "./warm.ts";

export interface Adapter<Sdk> extends Esp<Sdk> {
  readonly name: string;
  readonly wire: Wire;
  /** What to install. */
  readonly sdkPackage: string;
  load(): Promise<Sdk>;
  unsupported(message: PreparedMessage): readonly string[];
  /** Asks its questions and makes checks of the answers. */
  verify(inquiry: Inquiry<Sdk>): Promise<readonly Check[]>;
  close?(): void;
}

/** The adapter as the mailer sees it. All else, the credentials above all, stays out of its reach and of `inspect`. */
export function createAdapter<Sdk>(adapter: Adapter<Sdk>): Provider {
  const { name, wire, unsupported, batch } = adapter;
  const load = sdkLoader(adapter.sdkPackage, adapter.load);
  const esp: Esp<Sdk> = { ...adapter, load };
  return Object.freeze({
    name,
    unsupported,
    send: (message, context) => attempt(esp, wire, message, context),
    verify: (question) => adapter.verify(new Inquiry(esp, wire, question)),
    ...(batch && { batch: batchSending(esp, batch, wire) }),
    async load() {
      await load();
    },
    warm: (limits) => warm(esp, wire, limits),
    async close() {
      adapter.close?.();
      wire.close();
    },
  } satisfies Provider);
}

function batchSending<Sdk>(esp: Esp<Sdk>, batch: EspBatch<Sdk>, wire: Wire): BatchSending {
  const { limit, carries, groupBy } = batch;
  return Object.freeze({
    limit,
    carries,
    ...(groupBy && { groupBy }),
    send: (prepared, context) => attemptBatch(esp, batch, wire, prepared, context),
  } satisfies BatchSending);
}

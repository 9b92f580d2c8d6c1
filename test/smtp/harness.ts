import { getEventListeners } from "node:events";
import { expect, onTestFinished, vi } from "vitest";
import { type Failure, isProviderError, type ProviderError } from "../../src/failure.ts";
import { messageFor } from "../../src/message/for-provider.ts";
import type { Message, PreparedMessage } from "../../src/message/message.ts";
import { prepare } from "../../src/message/prepare.ts";
import type { AttemptContext, Provider } from "../../src/providers/provider.ts";
import { type SmtpOptions, smtp } from "../../src/providers/smtp/index.ts";
import { cert, ScriptedServer, type ServerOptions } from "./scripted-server.ts";

export async function server(options: ServerOptions = {}): Promise<ScriptedServer> {
  const started = new ScriptedServer(options);
  await started.listen();
  onTestFinished(() => started.close());
  return started;
}

/** A provider at a server on this machine; without TLS where nothing else is said. */
export function providerAt({ port }: { readonly port: number }, options: Partial<SmtpOptions<string>> = {}): Provider {
  const provider = smtp({ ...atLoopback, port, ...options });
  onTestFinished(() => provider.close?.());
  return provider;
}

export const atLoopback = { host: "127.0.0.1", requireTls: false, auth: { user: "ada", pass: "pa55-word" } } as const;

/** With TLS, by a certificate of localhost that is trusted. */
export const encrypted = { host: "localhost", requireTls: true, tls: { ca: cert } } as const;

export const message: Message = {
  from: "Shop <orders@example.com>",
  to: "ada@example.org",
  subject: "Your order",
  text: "It is on its way.",
};

export async function prepared(fields: Partial<Message> = {}): Promise<PreparedMessage> {
  const signal = new AbortController().signal;
  const draft = await prepare({ ...message, ...fields }, { id: "a", providerNames: ["smtp"], signal, deadline: 5_000 });
  return messageFor(draft, "smtp");
}

export async function sendOver(provider: Provider, context = new Context()): Promise<{ providerMessageId: string }> {
  return provider.send(await prepared(), context);
}

/** More than fits into the buffers between two sockets, so that its end is not written while nobody reads. */
export const large = { attachments: [{ filename: "large.bin", content: new Uint8Array(16_000_000) }] };

/** Time stands still, while sockets go on. */
export function stopTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
}

export class Context implements AttemptContext {
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly id: string;
  readonly timeout: number;
  readonly fresh: boolean;

  constructor({ id = "order-1", timeout = 10_000, fresh = false }: Partial<AttemptContext> = {}) {
    this.id = id;
    this.timeout = timeout;
    this.fresh = fresh;
  }

  get listeners(): number {
    return getEventListeners(this.signal, "abort").length;
  }
}

export async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const outcome = await promise.then(
    () => new Error("accepted instead of failing"),
    (error: unknown) => error,
  );
  if (!isProviderError(outcome)) throw outcome;
  return outcome;
}

/** Sends, and gives what it failed with; nothing may be left of the attempt. */
export async function failureOf(provider: Provider, sent?: PreparedMessage, context = new Context()): Promise<Failure> {
  const { failure } = await errorOf(provider.send(sent ?? (await prepared()), context));
  expect(context.listeners).toBe(0);
  return failure;
}

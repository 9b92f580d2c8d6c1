import { getEventListeners, setMaxListeners } from "node:events";
import { expect, onTestFinished, vi } from "vitest";
import { isProviderError, type ProviderError } from "../../src/failure.ts";
import { createWire } from "../../src/wire/client.ts";
import type { Phase, Wire, WireLimits, WireOptions, WireRequest, WireResponse } from "../../src/wire/wire.ts";
import { type Answer, type RawServer, type Scheme, startRawServer, trustingAgent } from "./raw-server.ts";

export async function server(options: ConstructorParameters<typeof RawServer>[0] = {}): Promise<RawServer> {
  const started = await startRawServer(options);
  onTestFinished(() => started.close());
  return started;
}

export function serverThat(answer: Answer, scheme: Scheme = "http"): Promise<RawServer> {
  return server({ scheme, answer });
}

/** A wire that trusts the certificate of the servers here. */
export function wire(scheme: Scheme = "http", options: WireOptions = {}): Wire {
  const agent = scheme === "https" ? trustingAgent() : undefined;
  const made = createWire({ agent, ...options });
  onTestFinished(() => {
    made.close();
    agent?.destroy();
  });
  return made;
}

export function post(url: URL, body: WireRequest["body"] = "a body"): WireRequest {
  return { method: "POST", url, headers: { "Content-Type": "text/plain" }, body };
}

/** Limits whose signal and phases can be looked at. */
export class Limits implements WireLimits {
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly timeout: number;
  readonly fresh: boolean;
  readonly phases: Phase[] = [];
  #seen = new Map<Phase, () => void>();

  constructor({ timeout = 5_000, fresh = false }: Partial<WireLimits> = {}) {
    this.timeout = timeout;
    this.fresh = fresh;
    setMaxListeners(0, this.signal);
  }

  readonly onPhase = (phase: Phase): void => {
    this.phases.push(phase);
    this.#seen.get(phase)?.();
  };

  async reached(phase: Phase): Promise<void> {
    if (!this.phases.includes(phase)) await new Promise<void>((resolve) => this.#seen.set(phase, resolve));
  }

  get listeners(): number {
    return getEventListeners(this.signal, "abort").length;
  }
}

export async function errorOf(promise: Promise<WireResponse>): Promise<ProviderError> {
  const outcome = await promise.then(
    (response) => new Error(`answered ${response.status} instead of failing`),
    (error: unknown) => error,
  );
  if (!isProviderError(outcome)) throw outcome;
  return outcome;
}

/** Time stands still for the wire, while sockets go on. */
export function stopTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
}

export function expectNothingLeft(limits: Limits): void {
  expect(limits.listeners).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
}

export const text = (response: WireResponse): string => Buffer.from(response.body).toString();

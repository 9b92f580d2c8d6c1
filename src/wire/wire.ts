import type http from "node:http";
import type { Cancelling } from "../cancellation.ts";

/** One request, whole in memory: an attempt must be able to send the same bytes again elsewhere. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** Limits of one exchange; see `AttemptContext` of the providers. */
export interface WireLimits {
  readonly signal: Cancelling;
  /** Milliseconds by the clock, from the call to the last byte of the answer. */
  readonly timeout: number;
  readonly fresh: boolean;
  /** Told of each phase after `connecting`, at the moment it begins. */
  readonly onPhase?: ((phase: Phase) => void) | undefined;
}

export interface WireResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * How far a request got, which is what proves "not sent":
 *
 * - `connecting`: no byte of the request can have left; nothing was sent
 * - `requesting`: the connection was ready and the request begun; it may have been taken
 * - `responding`: the head of an answer came
 */
export type Phase = "connecting" | "requesting" | "responding";

export interface WireOptions {
  /** The user's own, for a proxy or a private CA. */
  readonly agent?: http.Agent | undefined;
  /** Where the requests will go, so that an agent that must not be used there is refused at once. */
  readonly baseUrl?: URL | undefined;
}

/** The small HTTP client under all four SDKs. */
export interface Wire {
  /** Resolves with any complete HTTP response, whatever its status; throws a `ProviderError` for everything else. */
  request(request: WireRequest, limits: WireLimits): Promise<WireResponse>;
  /** Closes idle connections at once, busy ones when their exchange has ended. */
  close(): void;
}

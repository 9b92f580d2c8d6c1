import { longestTimer, now } from "../clock.ts";
import { failure, failureInPhase, isProviderError, ProviderError } from "../failure.ts";
import type { PreparedMessage } from "../message/message.ts";
import { ownStrings } from "../message/own-strings.ts";
import { redact } from "../redaction.ts";
import { isTimeout } from "../wire/abort-reason.ts";
import { Exchange } from "../wire/exchange.ts";
import type { Wire, WireRequest, WireResponse } from "../wire/wire.ts";
import type { AttemptContext } from "./provider.ts";
import { type Answers, type JudgedReason, judge } from "./verdict.ts";

/** What an SDK is given for one attempt. */
export interface Outgoing {
  readonly message: PreparedMessage;
  /** Id of the send, for the metadata `steadymail-id`. */
  readonly id: string;
  readonly signal: AbortSignal;
  /** Takes the request that the SDK has built; the one way out. */
  readonly send: (request: WireRequest) => Promise<WireResponse>;
}

/** What an error before any request means. */
export interface BeforeRequest {
  readonly reason: JudgedReason;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/** What sets one ESP apart from the others in an attempt. */
export interface Esp<Sdk> {
  load(): Promise<Sdk>;
  /** Has the SDK build its request and hand it to `send`. What it makes of the answer does not matter. */
  dispatch(sdk: Sdk, outgoing: Outgoing): Promise<unknown>;
  readonly answers: Answers;
  /** What an error means that the SDK threw before there was a request; by default it is `internal`. */
  judgeBeforeRequest?(error: unknown): BeforeRequest | undefined;
  /** What must not appear in an error. */
  readonly secrets: readonly string[];
}

/**
 * One attempt: the SDK builds the request, the wire carries it, and the verdict follows from what the wire recorded,
 * never from what the SDK makes of it.
 */
export async function attempt<Sdk>(
  esp: Esp<Sdk>,
  wire: Wire,
  message: PreparedMessage,
  context: AttemptContext,
): Promise<{ providerMessageId: string }> {
  const seam = new Seam(wire, context);
  const { id, signal } = context;
  const thrown = await seam.run(async (send) => esp.dispatch(await esp.load(), { message, id, signal, send }));
  if (seam.response) {
    return {
      providerMessageId: judge(seam.response, esp.answers, () => [
        ...esp.secrets,
        ...seam.secrets,
        ...ownStrings(message),
      ]),
    };
  }
  throw seam.error ?? beforeRequest(esp, message, thrown);
}

function beforeRequest<Sdk>(esp: Esp<Sdk>, message: PreparedMessage, thrown: unknown): ProviderError {
  if (isProviderError(thrown)) return thrown;
  const words = redact(wordsOf(thrown), [...esp.secrets, ...ownStrings(message)]);
  const judged = esp.judgeBeforeRequest?.(thrown);
  if (!judged) return new ProviderError(failureInPhase("internal", "no", { detail: words }));
  const { reason, advice } = judged;
  return new ProviderError(failure(reason, { detail: advice === undefined ? words : `${words}: ${advice}` }));
}

function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "the SDK made no request";
  return thrown.name === "Error" ? thrown.message : `${thrown.name}: ${thrown.message}`;
}

/** The place between SDK and wire: it gives up on an SDK that is still preparing when the attempt is over. */
class Seam {
  readonly #wire: Wire;
  readonly #context: AttemptContext;
  readonly #startedAt = now();
  #exchange: Exchange | undefined;
  #headers: Readonly<Record<string, string>> = {};
  #over = false;

  constructor(wire: Wire, context: AttemptContext) {
    this.#wire = wire;
    this.#context = context;
  }

  get response(): WireResponse | undefined {
    return this.#exchange?.response;
  }

  get error(): ProviderError | undefined {
    return this.#exchange?.error;
  }

  /** Credentials as the request carried them; an SDK may have fetched its own. */
  get secrets(): readonly string[] {
    return Object.entries(this.#headers).flatMap(([name, value]) =>
      credentialHeaders.has(name.toLowerCase()) ? [value, ...value.split(" ").slice(1)] : [],
    );
  }

  /** Ends when the exchange has, or when the SDK can no longer begin one; resolves with what the SDK threw before. */
  async run(work: (send: Outgoing["send"]) => Promise<unknown>): Promise<unknown> {
    const { signal, timeout } = this.#context;
    return new Promise<unknown>((resolve) => {
      const end = (thrown?: unknown) => {
        this.#over = true;
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        resolve(thrown);
      };
      const aborted = () => end(isTimeout(signal.reason) ? outOfTime() : gaveUp());
      const timer = setTimeout(() => end(outOfTime()), Math.min(timeout, longestTimer));
      if (signal.aborted) return aborted();
      signal.addEventListener("abort", aborted);
      const send = (request: WireRequest): Promise<WireResponse> => {
        if (this.#exchange) return this.#exchange.send(request);
        if (this.#over) return Promise.reject(new Error("the attempt is over"));
        // From here on the wire keeps the limits, and tells what the message's fate can be.
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        const sending = this.#begin(request);
        sending.then(() => end(), end);
        return sending;
      };
      // An SDK may settle before the exchange that it has begun: the exchange is what counts.
      const settled = (thrown?: unknown) => {
        if (!this.#exchange) end(thrown);
      };
      work(send).then(() => settled(), settled);
    });
  }

  #begin(request: WireRequest): Promise<WireResponse> {
    const { signal, timeout, fresh } = this.#context;
    const left = Math.max(1, timeout - (now() - this.#startedAt));
    this.#headers = request.headers;
    this.#exchange = new Exchange(this.#wire, { signal, fresh, timeout: left });
    return this.#exchange.send(request);
  }
}

const credentialHeaders: ReadonlySet<string> = new Set(["authorization", "x-amz-security-token"]);

function outOfTime(): ProviderError {
  const detail = "no request was begun in time: the SDK was still preparing it";
  return new ProviderError(failure("unreachable", { code: "ETIMEDOUT", detail }));
}

function gaveUp(): ProviderError {
  return new ProviderError(failureInPhase("aborted", "no"));
}

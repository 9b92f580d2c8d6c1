import type { Cancellation } from "../cancellation.ts";
import type { Failure } from "../failure.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";
import { type AskOptions, askAll, checkAskOptions } from "./ask.ts";

/** How long it may take. */
export interface WarmOptions extends AskOptions {}

/** Whether a provider is ready for its first send. */
export interface Warmth<N extends string = string> {
  readonly provider: N;
  /** Whether its next send has nothing left to load or to find. */
  readonly ready: boolean;
  /** Why it is not: a package that is missing, credentials that were not found, no connection. */
  readonly failure?: Failure;
  /** Milliseconds. */
  readonly duration: number;
}

const optionKeys = ["timeout", "signal"] satisfies (keyof WarmOptions)[];

/** Has each provider do what its first send would have to do before the request. */
export async function warm<N extends string>(
  routes: readonly ResolvedRoute<N>[],
  options: WarmOptions,
  closing: Cancellation,
): Promise<readonly Warmth<N>[]> {
  checkAskOptions("warm: options", options, optionKeys);
  const answers = await askAll(routes, options, closing, async ({ provider }, limits) =>
    provider.warm ? provider.warm(limits) : provider.load?.(),
  );
  return answers.map(({ route: { name }, result, duration }) =>
    "failure" in result
      ? { provider: name, ready: false, failure: { ...result.failure, sent: "no" }, duration }
      : { provider: name, ready: true, duration },
  );
}

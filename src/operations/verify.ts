import type { Cancellation } from "../cancellation.ts";
import type { Failure } from "../failure.ts";
import { parseAddress } from "../message/addresses.ts";
import type { Address, AddressLike } from "../message/message.ts";
import type { Check, CheckVerdict } from "../providers/provider.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";
import { type Answer, type AskOptions, askAll, checkAskOptions } from "./ask.ts";

/** Who is to send, and how long the question may take. */
export interface VerifyOptions extends AskOptions {
  /**
   * Who is to send; default the `from` of the mailer's defaults. Where a route has a `from` of its own, that is asked about.
   */
  readonly from?: AddressLike | undefined;
}

/** What a provider said when it was asked whether it would take mail. */
export interface Verification<N extends string = string> {
  readonly provider: N;
  /** `good` if every check is, `bad` if any is, else `unknown`. */
  readonly verdict: CheckVerdict;
  /** What was asked, and what the ESP said. */
  readonly checks: readonly Check[];
  /** Milliseconds. */
  readonly duration: number;
}

const optionKeys = ["from", "timeout", "signal"] satisfies (keyof VerifyOptions)[];

/** @param fallback the sender where the options name none */
export async function verify<N extends string>(
  routes: readonly ResolvedRoute<N>[],
  options: VerifyOptions,
  fallback: AddressLike | undefined,
  closing: Cancellation,
): Promise<readonly Verification<N>[]> {
  checkAskOptions("verify: options", options, optionKeys);
  const from = addressOf(options.from ?? fallback);
  const answers = await askAll(routes, options, closing, async ({ provider, sender }, limits) => {
    if (!provider.verify) return [notAsked];
    const own = senderFor(from, sender);
    const checks = await provider.verify({ ...limits, sender: own === "none" ? undefined : own });
    // An adapter may be anybody's.
    if (!Array.isArray(checks)) throw new TypeError("verify() of the adapter gave no list of checks");
    return own === "none" ? [...checks.filter((check) => check.of !== "sender"), noSender] : checks;
  });
  return answers.map((answer) => {
    const checks = checksIn(answer);
    return { provider: answer.route.name, verdict: verdictOf(checks), checks, duration: answer.duration };
  });
}

const notAsked: Check = Object.freeze({
  of: "credentials",
  verdict: "unknown",
  finding: "This provider has no way to be asked.",
  advice: "Send a message by it to yourself.",
});

const noSender: Check = Object.freeze({
  of: "sender",
  verdict: "bad",
  finding: "The route's own from() gives no sender for this one.",
  advice: "Mend from() of this route, or pass the sender that it is meant for as options.from.",
});

/** @throws TypeError for what is no address */
function addressOf(from: AddressLike | undefined): Address | undefined {
  if (from === undefined) return undefined;
  const parsed = parseAddress(from);
  if ("problem" in parsed) throw new TypeError(`verify: options.from is no sender: ${parsed.problem}`);
  return parsed.address;
}

/** @param own of the route; a function of the user's, which may throw */
function senderFor(from: Address | undefined, own: (from: Address) => Address): Address | undefined | "none" {
  if (!from) return undefined;
  try {
    return own(from);
  } catch {
    return "none";
  }
}

function checksIn<N extends string>({ result }: Answer<N, readonly Check[]>): readonly Check[] {
  return "failure" in result ? checksAfter(result.failure, result.timedOut) : result.value;
}

/** Of a provider that gave no answer. What is missing for the adapter itself is certain; about the account, nothing is. */
function checksAfter({ sent, ...rest }: Failure, timedOut: boolean): readonly Check[] {
  const failure: Failure = Object.freeze({ ...rest, sent: "no" });
  // That it was not loaded in time says nothing of what is missing.
  if (failure.reason === "internal" && sent === "no" && !timedOut) {
    const finding = `The adapter cannot be used: ${failure.detail ?? "it does not say why"}.`;
    return [{ of: "adapter", verdict: "bad", finding, advice: "Mend that: nothing can be sent by it.", failure }];
  }
  const finding = `It gave no answer (${failure.reason}${failure.detail ? `: ${failure.detail}` : ""}).`;
  return subjects.map((of) => ({ of, verdict: "unknown", finding, advice: adviceAfter(failure), failure }));
}

function adviceAfter({ reason }: Failure): string {
  if (reason === "aborted") return "Ask again: the question was given up, or the mailer is closed.";
  return "Ask again; if that does not help, check the network, and the adapter's region, baseUrl and agent.";
}

const subjects = ["credentials", "account", "sender"] as const;

function verdictOf(checks: readonly Check[]): CheckVerdict {
  if (checks.some(({ verdict }) => verdict === "bad")) return "bad";
  return checks.length > 0 && checks.every(({ verdict }) => verdict === "good") ? "good" : "unknown";
}

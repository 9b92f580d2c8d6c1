import { type Failure, failure, failureInPhase, isProviderError } from "../../failure.ts";
import { redact } from "../../redaction.ts";
import { Expired } from "./limit.ts";
import { isRefusal, type Reply, reasonOf, type Step, waitIn } from "./replies.ts";
import { DialogueError } from "./session.ts";

/** What is known of an attempt that did not end well. */
export interface Ending {
  readonly thrown: unknown;
  readonly host: string;
  /** Whether the final dot may have been written: before, nothing was sent; after, only a reply can say so. */
  readonly ended: boolean;
  /** Where the dialogue stood. */
  readonly step: Step | undefined;
  readonly secrets: () => readonly string[];
}

/** What became of the message, by the phase of the dialogue (RFC 5321 §4.1.1.4, §4.2.5, §6.1). */
export function failureOf(ending: Ending): Failure {
  const { thrown, ended } = ending;
  if (isProviderError(thrown)) return thrown.failure;
  if (thrown instanceof Expired) return expired(thrown, ending);
  if (thrown instanceof DialogueError)
    return thrown.reply ? answered(thrown, thrown.reply, ending) : lost(thrown, ending);
  const words = thrown instanceof Error ? thrown.message : "no reason given";
  return failureInPhase("internal", ended ? "maybe" : "no", { detail: redact(words, ending.secrets()) });
}

function expired({ why }: Expired, { ended, step, host }: Ending): Failure {
  if (why === "aborted") return failureInPhase("aborted", ended ? "maybe" : "no");
  const code = "ETIMEDOUT";
  // That there is more to send than the connections can take says nothing of the server.
  if (step === undefined) {
    const inUse = `no connection to ${host} was free for most of the time`;
    const detail = `${inUse}: raise maxConnections, or let mails wait in the mailer by concurrency of the route`;
    return failureInPhase("internal", "no", { code, detail });
  }
  if (ended) return failure("timeout", { code, detail: `no reply from ${host} to the end of the message in time` });
  return failure("unreachable", { code, detail: `no reply from ${host} to ${shownStep(step)} in time` });
}

function answered({ step }: DialogueError, reply: Reply, { ended, host, secrets }: Ending): Failure {
  const own = secrets();
  const words = redact(reply.text, own);
  const details = {
    status: reply.code,
    code: reply.enhanced,
    detail: `${host} answered ${reply.code} to ${shownStep(step)}${words === "" ? "" : `: ${words}`}`,
  };
  // After the dot, what is no reply to it proves nothing; nor does one that says neither yes nor no.
  if (ended && step !== "end") return failure("response-lost", details);
  if (step === "end" && !isRefusal(reply)) return failure("bad-response", details);
  if (!isRefusal(reply)) return failure("unavailable", details);
  const reason = reasonOf(reply, step);
  const asks = reason === "throttled" || reason === "unavailable";
  return failure(reason, { ...details, retryAfter: asks ? waitIn(reply) : undefined });
}

function lost({ step, code }: DialogueError, { ended, host }: Ending): Failure {
  if (ended) {
    const detail = `the connection to ${host} ended, or its reply made no sense, after the message was handed over`;
    return failure("response-lost", { code, detail });
  }
  if (step === "CONNECT") return failure("unreachable", { code, detail: `no connection to ${host}, or no greeting` });
  const detail = `the connection to ${host} ended, or the reply made no sense, at ${shownStep(step)}: nothing was sent`;
  return failure("unreachable", { code, detail });
}

function shownStep(step: Step): string {
  if (step === "end") return "the end of the message";
  if (step === "CONNECT") return "the connection";
  return step === "other" ? "what it was told" : step;
}

import { type Failure, ProviderError } from "../../failure.ts";
import type { Check, QuestionLimits, VerifyQuestion } from "../provider.ts";
import type { Account } from "./attempt.ts";
import { Limit } from "./limit.ts";
import type { Lease } from "./pool.ts";
import { Session } from "./session.ts";
import { failureOf } from "./verdict.ts";

/** Opens a connection, logs in, and keeps it for the first message. @throws ProviderError */
export async function warm(account: Account, limits: QuestionLimits): Promise<void> {
  await login(account, limits, false);
}

/** Logs in over a new connection: all that SMTP can be asked without a message. @throws ProviderError */
export async function verify(account: Account, { sender, ...limits }: VerifyQuestion): Promise<readonly Check[]> {
  const refused = await refusalOf(account, limits);
  const unsaid: Check[] = [accountCheck(refused)];
  if (sender) unsaid.push(unknownSender);
  return [credentialsCheck(account, refused), ...unsaid];
}

/** Why the login was refused, where it was. @throws ProviderError where there was none */
async function refusalOf(account: Account, limits: QuestionLimits): Promise<Failure | undefined> {
  try {
    await login(account, limits, true);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ProviderError && thrown.failure.scope === "account") return thrown.failure;
    throw thrown;
  }
}

function credentialsCheck({ settings: { login } }: Account, refused: Failure | undefined): Check {
  if (refused?.reason === "authentication") {
    const advice = "Check auth.user and auth.pass, and whether the account may send by SMTP";
    return { of: "credentials", verdict: "bad", finding: "The server refused the login", advice, failure: refused };
  }
  if (refused) {
    return { of: "credentials", verdict: "unknown", finding: "The server refused the account as such" };
  }
  if (login) return { of: "credentials", verdict: "good", finding: "The server took the login" };
  const advice = "Send a message to an address of your own to know";
  return { of: "credentials", verdict: "unknown", finding: "There is no login, since auth is false", advice };
}

function accountCheck(refused: Failure | undefined): Check {
  if (refused && refused.reason !== "authentication") {
    const advice = "Ask the provider why the account may not send";
    return { of: "account", verdict: "bad", finding: "The server refused the account", advice, failure: refused };
  }
  const advice = "Look into the provider's console, or send a message to an address of your own";
  return { of: "account", verdict: "unknown", finding: "SMTP cannot tell whether the account may send", advice };
}

const unknownSender: Check = Object.freeze({
  of: "sender",
  verdict: "unknown",
  finding: "SMTP cannot tell whether the sender is verified without a message",
  advice: "Look into the provider's console, or send a message to an address of your own",
} satisfies Check);

async function login(account: Account, { signal, timeout }: QuestionLimits, anew: boolean): Promise<void> {
  const limit = new Limit(signal, timeout);
  let lease: Lease | undefined;
  let isOpen = false;
  try {
    const sdk = await limit.race(Promise.resolve(account.load()));
    lease = await account.pool.lease(false, limit.over);
    if (anew || !lease.session) {
      lease.session?.destroy();
      lease.session = new Session(sdk, account.settings);
      await limit.race(lease.session.open());
    }
    isOpen = true;
  } catch (thrown) {
    const session = lease?.session;
    const secrets = () => [...account.secrets, ...(session?.secrets ?? [])];
    const { host } = account.settings;
    throw new ProviderError(failureOf({ thrown, host, step: session?.dialogue.step, ended: false, secrets }));
  } finally {
    if (lease) account.pool.release(lease, isOpen);
    limit.letGo();
  }
}

import { type Failure, ProviderError } from "../../failure.ts";
import { bad, type Finding, good, unknown } from "../checks.ts";
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
  return [
    { of: "credentials", ...credentialsFinding(account, refused) },
    { of: "account", ...accountFinding(refused) },
    ...(sender ? [{ of: "sender", ...untold("whether the sender is verified") } as const] : []),
  ];
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

function credentialsFinding({ settings: { login } }: Account, refused: Failure | undefined): Finding {
  if (refused?.reason === "authentication") {
    const advice = "Check auth.user and auth.pass, and whether the account may send by SMTP.";
    return bad("The server refused the login.", advice, refused);
  }
  if (refused) return unknown("The server refused the account as such.", "Mend what is bad first, then ask again.");
  if (login) return good("The server took the login.");
  return unknown("There is no login, since auth is false.", "Send a message by it to yourself.");
}

function accountFinding(refused: Failure | undefined): Finding {
  if (!refused || refused.reason === "authentication") return untold("whether the account may send");
  return bad("The server refused the account.", "Ask the provider why the account may not send.", refused);
}

function untold(what: string): Finding {
  const advice = "Look into the provider's console, or send a message by it to yourself.";
  return unknown(`SMTP cannot tell ${what}.`, advice);
}

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

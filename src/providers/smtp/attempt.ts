import { now } from "../../clock.ts";
import { failure, ProviderError } from "../../failure.ts";
import type { PreparedMessage } from "../../message/message.ts";
import { ownStrings } from "../../message/own-strings.ts";
import { afterReading } from "../../wire/after-reading.ts";
import { cancellingOf } from "../attempt-context.ts";
import type { AttemptContext } from "../provider.ts";
import { MessageBody } from "./body.ts";
import { type Envelope, envelopeOf } from "./envelope.ts";
import { Expired, Limit } from "./limit.ts";
import { type ComposedMail, composeMail } from "./mail.ts";
import type { SmtpSettings } from "./options.ts";
import type { Lease, SessionPool } from "./pool.ts";
import { isRefusal, queueIdIn, type Reply } from "./replies.ts";
import type { NodemailerSdk } from "./sdk.ts";
import { DialogueError, Session } from "./session.ts";
import { failureOf } from "./verdict.ts";

/** As a part of the time limit. With less than the rest, a healthy server might look like one that does not answer. */
const longestWait = 0.8;

/** One account at one server. */
export interface Account {
  readonly settings: SmtpSettings;
  readonly pool: SessionPool;
  readonly load: () => NodemailerSdk | Promise<NodemailerSdk>;
  /** What must not appear in an error. */
  readonly secrets: readonly string[];
}

/** One attempt at one message. @throws ProviderError for everything but an acceptance */
export async function attempt(
  account: Account,
  message: PreparedMessage,
  context: AttemptContext,
): Promise<{ providerMessageId: string }> {
  const limit = new Limit(cancellingOf(context), context.timeout);
  const handover = new Handover(account, limit);
  try {
    const sdk = await limit.race(Promise.resolve(account.load()));
    const envelope = envelopeOf(message);
    const compose = () => composeMail(sdk, message, context.id, account.settings);
    const { reply, messageId } = await handover.run(sdk, compose, envelope, context.fresh);
    return { providerMessageId: queueIdIn(reply, [envelope.from, ...envelope.to]) ?? messageId };
  } catch (thrown) {
    const secrets = () => [...account.secrets, ...(handover.session?.secrets ?? []), ...ownStrings(message)];
    const { host } = account.settings;
    const step = handover.session?.dialogue.step;
    throw new ProviderError(failureOf({ thrown, host, step, ended: handover.body?.ended === true, secrets }));
  } finally {
    limit.letGo();
  }
}

/** The way of one message over a connection. */
class Handover {
  readonly #account: Account;
  readonly #limit: Limit;
  session: Session | undefined;
  body: MessageBody | undefined;

  constructor(account: Account, limit: Limit) {
    this.#account = account;
    this.#limit = limit;
  }

  /** @param compose called when there is a connection for it: a mail that waits for one takes no memory */
  async run(
    sdk: NodemailerSdk,
    compose: () => Promise<ComposedMail>,
    envelope: Envelope,
    fresh: boolean,
  ): Promise<{ readonly reply: Reply; readonly messageId: string }> {
    const { pool } = this.#account;
    const asked = now();
    const lease = await pool.lease(fresh, this.#limit.over);
    if (now() - asked > this.#limit.timeout * longestWait) {
      pool.release(lease, true);
      throw new Expired("timeout");
    }
    let mayStay = false;
    try {
      const mail = await this.#limit.race(compose());
      const reply = await this.#over(lease, sdk, mail, envelope);
      mayStay = true;
      return { reply, messageId: mail.messageId };
    } catch (thrown) {
      // Its reply ended the transaction, and the connection is as before.
      mayStay = thrown instanceof DialogueError && thrown.step === "end" && this.#isSettled(thrown.reply);
      throw thrown;
    } finally {
      pool.release(lease, mayStay);
    }
  }

  async #over(lease: Lease, sdk: NodemailerSdk, mail: ComposedMail, envelope: Envelope): Promise<Reply> {
    if (lease.session) {
      await this.#limit.race(new Promise<void>(afterReading));
      if (lease.session.isReady) {
        try {
          return await this.#send(lease.session, mail, envelope);
        } catch (thrown) {
          if (!this.#wasStale(thrown)) throw thrown;
        }
      }
      lease.session.destroy();
    }
    lease.session = new Session(sdk, this.#account.settings);
    this.session = lease.session;
    await this.#limit.race(lease.session.open());
    return this.#send(lease.session, mail, envelope);
  }

  #send(session: Session, { bytes }: ComposedMail, envelope: Envelope): Promise<Reply> {
    const { dialogue } = session;
    this.session = session;
    dialogue.beginMessage();
    refuseWhatServerCannot(session, envelope, bytes.byteLength);
    this.body = new MessageBody(bytes, session.mayBegin);
    return this.#limit.race(session.send(envelope, this.body));
  }

  /** A server may have closed an idle connection, in silence or with 421, or have written to it: another one serves as well. */
  #wasStale(thrown: unknown): boolean {
    if (!(thrown instanceof DialogueError) || this.body?.began) return false;
    const { reply } = thrown;
    // What is neither yes nor no was an answer to nobody's question.
    return reply === undefined || reply.code === 421 || !isRefusal(reply);
  }

  #isSettled(reply: Reply | undefined): boolean {
    return this.body?.ended === true && reply !== undefined && isRefusal(reply) && reply.code !== 421;
  }
}

/** What the server's reply to EHLO rules out, before anything is said of the message. */
function refuseWhatServerCannot({ dialogue }: Session, { needsUtf8 }: Envelope, size: number): void {
  const { largestMessage } = dialogue;
  if (needsUtf8 && !dialogue.offers("SMTPUTF8")) {
    const detail = "an address has letters outside ASCII before the @, and the server does not offer SMTPUTF8";
    throw new ProviderError(failure("unsupported", { detail }));
  }
  if (largestMessage !== undefined && size > largestMessage) {
    const detail = `the mail has ${size} bytes, and the server takes ${largestMessage} at most`;
    throw new ProviderError(failure("too-large", { detail }));
  }
}

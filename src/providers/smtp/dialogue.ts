import { parseReply, type Reply, type Step } from "./replies.ts";

/**
 * What client and server say to each other, as `smtp-connection` tells its logger: which command waits for its reply, what
 * the server offers, and which recipients it refused. Keeps nothing that a mail or a credential would be in.
 *
 * @see https://nodemailer.com/smtp#general-options `logger`, `transactionLog`
 */
export class Dialogue {
  /** Commands without a reply, the oldest first; several with PIPELINING (RFC 2920). */
  #waiting: Step[] = ["CONNECT"];
  #answered: Step = "other";
  #authenticating = false;
  #offered: readonly string[] = [];
  #refusedRecipients: Reply[] = [];
  #goAhead: Reply | undefined;
  readonly #onNonsense: (step: Step) => void;

  /** @param onNonsense told of what is no reply, before anything is done about it */
  constructor(onNonsense: (step: Step) => void) {
    this.#onNonsense = onNonsense;
  }

  /** Whose reply is being waited for; `other` for none. */
  get step(): Step {
    return this.#waiting[0] ?? "other";
  }

  /** Whose reply came last. */
  get answered(): Step {
    return this.#answered;
  }

  /** Replies that refused a recipient of this message. */
  get refusedRecipients(): readonly Reply[] {
    return this.#refusedRecipients;
  }

  /** The reply to DATA that was no refusal. */
  get goAhead(): Reply | undefined {
    return this.#goAhead;
  }

  /** Whether the server offers that extension of SMTP. */
  offers(keyword: string): boolean {
    return this.#offered.some((line) => line.toUpperCase().split(/[ =]/)[0] === keyword);
  }

  /** Bytes of a message at most (RFC 1870); `undefined` where the server sets no limit or tells none. */
  get largestMessage(): number | undefined {
    const limit = Number(this.#offered.map((line) => /^SIZE (\d{1,15})$/i.exec(line)?.[1]).find(Boolean) ?? 0);
    return limit > 0 ? limit : undefined;
  }

  /** The lines of a login have no names. */
  authenticating(is: boolean): void {
    this.#authenticating = is;
  }

  /** A new message: what was said of the one before is of no more use. */
  beginMessage(): void {
    this.#refusedRecipients = [];
    this.#goAhead = undefined;
    this.#waiting = [];
  }

  /** The part of a logger that `smtp-connection` uses for commands and replies. */
  debug(entry: unknown, text: unknown): void {
    const kind = typeof entry === "object" && entry !== null && "tnx" in entry ? entry.tnx : undefined;
    if (typeof text !== "string") return;
    if (kind === "client") this.#said(text);
    else if (kind === "server") this.#heard(text);
  }

  trace(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
  fatal(): void {}

  #said(command: string): void {
    this.#waiting.push(this.#authenticating ? "AUTH" : stepOf(command));
  }

  #heard(raw: string): void {
    const step = this.#waiting.shift() ?? "other";
    this.#answered = step;
    const reply = parseReply(raw);
    if (!reply) {
      this.#onNonsense(step);
      return;
    }
    const isDone = reply.code >= 200 && reply.code <= 299;
    if (step === "EHLO" && isDone) this.#offered = linesOf(raw);
    if (step === "RCPT" && !isDone) this.#refusedRecipients.push(reply);
    if (step === "DATA" && reply.code < 400) {
      this.#goAhead = reply;
      this.#waiting.push("end");
    }
  }
}

function stepOf(command: string): Step {
  const verb = /^(?:EHLO|HELO|STARTTLS|MAIL|RCPT|DATA)/.exec(command)?.[0];
  if (verb === "HELO") return "EHLO";
  return verb === "EHLO" || verb === "STARTTLS" || verb === "MAIL" || verb === "RCPT" || verb === "DATA"
    ? verb
    : "other";
}

/** What follows the greeting in the reply to EHLO. */
function linesOf(raw: string): readonly string[] {
  const [, ...lines] = raw.split(/\r?\n/);
  return lines.map((line) => line.replace(/^\d{3}[ -]/, "").trim());
}

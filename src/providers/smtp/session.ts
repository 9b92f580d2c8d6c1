import type { Socket } from "node:net";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { failure, ProviderError } from "../../failure.ts";
import { errorCode } from "../../wire/error-code.ts";
import type { MessageBody } from "./body.ts";
import { Dialogue } from "./dialogue.ts";
import type { Envelope } from "./envelope.ts";
import { authHandlers, authOf, tokenOf, xoauth2 } from "./login.ts";
import type { SmtpSettings } from "./options.ts";
import { parseReply, type Reply, type Step } from "./replies.ts";
import type { NodemailerSdk } from "./sdk.ts";

/** A reply that goes on for longer is no reply. */
const maxResponseBytes = 64 * 1024;
/** Milliseconds that a server has for its farewell; nobody waits for it. */
const closeTimeout = 1_000;

/** What ended a dialogue, or kept it from going on. */
export class DialogueError extends Error {
  /** What stood to be answered, or was answered. */
  readonly step: Step;
  /** A complete reply; without one, the connection was lost or something else was said. */
  readonly reply: Reply | undefined;
  /** The system's code, as `"ECONNRESET"`. */
  readonly code: string | undefined;

  constructor(step: Step, reply: Reply | undefined, code: string | undefined) {
    super("the dialogue ended");
    this.step = step;
    this.reply = reply;
    this.code = code;
  }
}

/** One connection: from its opening through any number of messages to its end. One operation at a time. */
export class Session {
  readonly dialogue = new Dialogue((step) => this.#endAtNonsense(step));
  readonly #settings: SmtpSettings;
  readonly #sdk: NodemailerSdk;
  #socket: Socket | undefined;
  #connection: SMTPConnection | undefined;
  #socketError: string | undefined;
  #isOver = false;
  #fail: ((error: unknown) => void) | undefined;
  #secrets: readonly string[] = [];
  /** Messages that were begun over it. */
  messages = 0;

  constructor(sdk: NodemailerSdk, settings: SmtpSettings) {
    this.#sdk = sdk;
    this.#settings = settings;
  }

  /** What must not be repeated beside the settings' own credentials. */
  get secrets(): readonly string[] {
    return this.#secrets;
  }

  /** Whether the connection stands, as far as this side knows. */
  get isReady(): boolean {
    return !this.#isOver && this.#socket?.writable === true && this.#connection !== undefined;
  }

  /**
   * Connects, encrypts and logs in.
   *
   * @throws DialogueError, ProviderError
   */
  async open(): Promise<void> {
    const { login } = this.#settings;
    const token = login && "accessToken" in login ? await tokenOf(login.accessToken) : undefined;
    const initialResponse = login && token !== undefined ? xoauth2(login.user, token) : undefined;
    if (token !== undefined && initialResponse !== undefined) this.#secrets = [token, initialResponse];
    // Given up meanwhile.
    if (this.#isOver) throw new Error("closed");
    const socket = await this.#connect();
    const connection = this.#converse(socket, initialResponse);
    await this.#operation<void>((done) => connection.connect((error) => done(error)));
    if (!login) return;
    if (!connection.allowsAuth) {
      const detail = `${this.#settings.host} offers no AUTH, and auth is set: check host and port, or set auth to false`;
      throw new ProviderError(failure("authentication", { detail }));
    }
    this.dialogue.authenticating(true);
    await this.#operation<unknown>((done) => connection.login(authOf(login), done));
    this.dialogue.authenticating(false);
  }

  /** Hands a message over; gives the reply that accepted it, whole. @throws DialogueError */
  async send(envelope: Envelope, body: MessageBody): Promise<Reply> {
    this.messages += 1;
    const { from, to } = envelope;
    const info = await this.#operation<{ readonly response: string }>((done) => {
      if (!this.#connection) throw new Error("the session is not open");
      // It keeps its own record in the envelope, so it has one of its own.
      this.#connection.send({ from, to: [...to], size: body.size, use8BitMime: true }, body.stream, done);
    });
    const reply = parseReply(info?.response);
    const isDone = reply !== undefined && reply.code >= 200 && reply.code <= 299;
    if (isDone && body.ended) return reply;
    throw new DialogueError("end", reply, undefined);
  }

  /** What asks the server for the body: whether every recipient was taken, and the server said that data may come. */
  readonly mayBegin = (): boolean => {
    const { refusedRecipients, goAhead } = this.dialogue;
    const refused = refusedRecipients.length > 0;
    if (!refused && goAhead?.code === 354) return true;
    const reply = refused ? worst(refusedRecipients) : goAhead;
    this.#fail?.(new DialogueError(refused ? "RCPT" : "DATA", reply, undefined));
    return false;
  };

  /** The connection would take it for a refusal, and might end the message without a body: an empty mail to whom it was not. */
  #endAtNonsense(step: Step): void {
    if (step === "MAIL" || step === "RCPT" || step === "DATA")
      this.#broken(new DialogueError(step, undefined, undefined));
  }

  /** Whether the process waits for it. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#socket?.ref();
    else this.#socket?.unref();
  }

  /** Says goodbye and closes, without waiting for an answer. */
  quit(): void {
    this.hold(false);
    if (this.isReady) this.#connection?.quit();
    this.#close();
    // What is still to come is read away, else its end would not be seen.
    this.#socket?.resume();
  }

  /** Closes at once. */
  destroy(): void {
    // Before its connection, which would else wait for the server to close its side.
    this.#socket?.destroy();
    this.#close();
  }

  #close(): void {
    this.#isOver = true;
    this.#fail = undefined;
    this.#connection?.close();
  }

  async #connect(): Promise<Socket> {
    const { host, port, encryption, tls } = this.#settings;
    const { connect, isIP } = process.getBuiltinModule("node:net");
    const isSecure = encryption === "from-start";
    const socket = isSecure
      ? process.getBuiltinModule("node:tls").connect({ servername: isIP(host) ? "" : host, ...tls, host, port })
      : connect({ host, port });
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#socketError ??= errorCode(error);
    });
    // What ended it may be told right after the end.
    socket.on("close", () => setImmediate(() => this.#broken(new Error("closed"))));
    await this.#operation<void>((done) => socket.once(isSecure ? "secureConnect" : "connect", () => done(undefined)));
    return socket;
  }

  #converse(socket: Socket, customAuth: Parameters<typeof authHandlers>[0]): SMTPConnection {
    const { host, port, encryption, tls, clientName } = this.#settings;
    const connection = new this.#sdk.Connection({
      host,
      port,
      connection: socket,
      secure: encryption === "from-start",
      secured: encryption === "from-start",
      requireTLS: encryption === "starttls",
      ignoreTLS: encryption === "none",
      tls,
      ...(clientName !== undefined && { name: clientName }),
      ...authHandlers(customAuth),
      logger: this.dialogue,
      transactionLog: true,
      maxResponseSize: maxResponseBytes,
      socketCloseTimeout: closeTimeout,
    });
    connection.on("error", (error) => this.#broken(error));
    connection.on("end", () => setImmediate(() => this.#broken(new Error("closed"))));
    this.#connection = connection;
    return connection;
  }

  #broken(error: unknown): void {
    this.#isOver = true;
    this.#fail?.(error);
  }

  /** Ends as its callback says, or with the connection. */
  #operation<T>(begin: (done: (error: unknown, value?: T) => void) => void): Promise<T | undefined> {
    return new Promise<T | undefined>((resolve, reject) => {
      const fail = (error: unknown) => {
        this.#fail = undefined;
        reject(this.#inDialogue(error));
      };
      this.#fail = fail;
      begin((error, value) => {
        if (this.#fail !== fail) return;
        if (error) {
          fail(error);
          return;
        }
        this.#fail = undefined;
        resolve(value);
      });
    });
  }

  #inDialogue(error: unknown): DialogueError {
    if (error instanceof DialogueError) return error;
    const { code, command, response, originalCode }: Record<string, unknown> = Object(error);
    const { refusedRecipients, step, answered } = this.dialogue;
    const reply = parseReply(response);
    const systemCode = errorCode({ code: originalCode }) ?? this.#socketError;
    // The one reply that decides over a message that was handed over whole.
    if (code === "EMESSAGE" && reply) return new DialogueError("end", reply, undefined);
    if (command === "RCPT TO" && refusedRecipients.length > 0) {
      return new DialogueError("RCPT", worst(refusedRecipients), undefined);
    }
    // Only the one above is whole for sure: what a connection ended with may be the beginning of a reply.
    const replied = answered === "end" ? "other" : answered;
    return new DialogueError(reply ? (stepOf(command) ?? replied) : step, reply, systemCode);
  }
}

function stepOf(command: unknown): Step | undefined {
  const [verb = ""] = typeof command === "string" ? command.split(" ") : [];
  return verb === "MAIL" || verb === "DATA" || verb === "AUTH" || verb === "STARTTLS" || verb === "EHLO"
    ? verb
    : undefined;
}

/** A permanent refusal before a temporary one: it is the one that waiting does not mend. */
function worst(replies: readonly Reply[]): Reply | undefined {
  return replies.find(({ code }) => code >= 500) ?? replies[0];
}

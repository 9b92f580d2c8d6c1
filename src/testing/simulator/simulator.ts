import { requireOptions } from "../../providers/options.ts";
import { checkDuration } from "../duration.ts";
import type { EspName, EspSimulation } from "./esp.ts";
import type { Fault, FaultSpan } from "./fault.ts";
import type { ReceivedMessage } from "./inbox.ts";
import { type MailgunAccount, MailgunSimulation, mailgunAccount } from "./mailgun/simulation.ts";
import { type MailjetAccount, MailjetSimulation, mailjetAccount } from "./mailjet/simulation.ts";
import { VerifiedSenders } from "./senders.ts";
import { type SendGridAccount, SendGridSimulation, sendgridAccount } from "./sendgrid/simulation.ts";
import { SimulatorServer } from "./server.ts";
import { type SesAccount, SesSimulation, sesAccount } from "./ses/simulation.ts";

interface Accounts {
  readonly ses: SesAccount;
  readonly sendgrid: SendGridAccount;
  readonly mailgun: MailgunAccount;
  readonly mailjet: MailjetAccount;
}

/** What the adapter of that ESP needs to reach its simulator: give it to `ses()`, `sendgrid()`, … as it is. */
export type AdapterOptions<E extends EspName> = Accounts[E] & { readonly baseUrl: string };

/** Options of `startSimulator`, with their defaults. */
export interface SimulatorOptions<E extends EspName = EspName> {
  /**
   * Milliseconds from the last byte of a request to its answer, or a function that says so for each request; 0. With
   * it the message is in the inbox before its answer leaves, as at a slow ESP.
   */
  readonly latency?: number | (() => number);
  /** 0, the default: any that is free. */
  readonly port?: number;
  /** Where to listen; `"127.0.0.1"`. */
  readonly host?: "127.0.0.1" | "::1";
  /** The account's credentials, region (SES, `"eu-west-1"`) or domain (Mailgun, `"mg.example.com"`); else random ones. */
  readonly account?: Partial<Accounts[E]>;
  /**
   * The senders that are verified, addresses and domains, as `["example.com"]`; others are refused as by the fault
   * `sender-unverified`. At SES a domain stands for those beneath it too. Mailgun takes mail from anybody: there it is
   * the account's own domain that is verified or not. By default any sender is.
   */
  readonly senders?: readonly string[];
  /**
   * The credentials may send, but not ask about the account: SES answers such a question with 403
   * `AccessDeniedException`, SendGrid with 403 but for the key's own scopes, Mailgun with 401 as to a sending key, Mailjet
   * with 403 where it is about keys; false.
   */
  readonly sendOnly?: boolean;
  /** Speak HTTPS with this key and certificate, both in PEM. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
}

const keys: readonly (keyof SimulatorOptions)[] = ["latency", "port", "host", "account", "senders", "sendOnly", "tls"];

/** An ESP on loopback: a real server that speaks its wire, keeps what it accepts, and fails on request. */
export interface Simulator<E extends EspName = EspName> extends AsyncDisposable {
  /** Which ESP it simulates. */
  readonly esp: E;
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** What the adapter of that ESP needs to reach it. */
  readonly options: AdapterOptions<E>;
  /** What it accepted, the oldest first. Always the same array, which grows. */
  readonly inbox: readonly ReceivedMessage[];
  /** How many requests it has seen at least the head of, refused ones included. */
  readonly requests: number;
  /** How many TCP connections were made to it, those included that it reset at once. */
  readonly connections: number;
  /**
   * Fails in this way from now on: until `heal()`, or for the span. A new fault replaces the one before it. It strikes
   * requests whose last byte arrives from now on; those that stall already stay as they are.
   *
   * @returns when clients in this process have noticed that `refuse` or `reset-on-accept` ended their idle connections.
   *   Who sends before that may lose a request on such a connection, as in a real outage; other faults need no waiting
   * @throws RangeError for a kind that does not exist, listing those that do, and for numbers out of their range
   */
  fault(fault: Fault, span?: FaultSpan): Promise<void>;
  /**
   * Works again. What stalls stays stalled until the client leaves or the simulator closes.
   *
   * @returns when the port is open again after `refuse`; there is nothing to wait for after other faults. Rejects if
   *   another program took the port meanwhile
   */
  heal(): Promise<void>;
  /** Forgets the inbox and what was counted. */
  clear(): void;
  /** Ends all connections; resolves when the port is free. The inbox stays. */
  close(): Promise<void>;
}

/** By ESP: the account of a simulator and what answers for it. */
const simulations: {
  readonly [E in EspName]: (
    given: Partial<Accounts[E]> | undefined,
    senders: VerifiedSenders,
  ) => { account: Accounts[E]; simulation: EspSimulation };
} = {
  ses: (given, senders) => {
    const account = sesAccount(given);
    return { account, simulation: new SesSimulation(account, senders) };
  },
  sendgrid: (given, senders) => {
    const account = sendgridAccount(given);
    return { account, simulation: new SendGridSimulation(account, senders) };
  },
  mailgun: (given, senders) => {
    const account = mailgunAccount(given);
    return { account, simulation: new MailgunSimulation(account, senders) };
  },
  mailjet: (given, senders) => {
    const account = mailjetAccount(given);
    return { account, simulation: new MailjetSimulation(account, senders) };
  },
};

/**
 * Starts a simulated ESP: an HTTP server on loopback that checks what the real one checks (method and path,
 * credentials, required fields, types, address syntax, limits, header rules), from the bytes of the request alone, and
 * answers in its words. Nothing is sent anywhere, and nothing is printed. It holds the process until it is closed.
 *
 * It is stricter than some ESPs in that it refuses what they would garble or drop: a SES name that is not ASCII, a
 * member that SendGrid or Mailjet does not know. It does not know templates: it accepts all. So it does with senders,
 * unless `senders` says which are verified.
 *
 * It answers the questions about the account and its senders that `mailer.verify()` asks, by its options and its fault,
 * and `HEAD /` without credentials, by which `mailer.warm()` opens a connection, with 404. That uses up no `times` of a
 * fault, and suffers those that give no answer, or a late one.
 *
 * It takes batches as the ESPs do, and has one message for each recipient in its inbox: SES entries with an inline
 * template, SendGrid personalizations with substitutions, Mailgun recipient variables, Mailjet messages.
 *
 * Sources: the API references of SES v2 (`SendEmail`, `SendBulkEmail`), SendGrid v3 (Mail Send, and its list of errors),
 * Mailgun v3 (Messages) and Mailjet v3.1 (Send API).
 *
 * @example
 * const esp = await startSimulator("sendgrid");
 * const mailer = createMailer({ providers: [sendgrid(esp.options)] });
 * await esp.fault({ kind: "accept-then-reset" }, { times: 1 });
 * …
 * await esp.close();
 *
 * @throws RangeError for an ESP that does not exist, or a latency out of range; TypeError for an option that does not
 *   exist; the system's error where the port is taken
 */
export async function startSimulator<E extends EspName>(
  esp: E,
  options: SimulatorOptions<E> = {},
): Promise<Simulator<E>> {
  if (!Object.hasOwn(simulations, esp)) {
    throw new RangeError(
      `There is no simulator for ${JSON.stringify(esp)}. There are: ${Object.keys(simulations).join(", ")}.`,
    );
  }
  requireOptions(options, "startSimulator", keys);
  const { latency = 0, port = 0, host = "127.0.0.1", sendOnly = false, tls } = options;
  if (typeof latency === "number") checkDuration("latency", latency);
  const { account, simulation } = simulations[esp](options.account, new VerifiedSenders(options.senders));
  const server = new SimulatorServer(simulation, { latency, port, host, sendOnly, tls });
  await server.open();
  const url = `${tls ? "https" : "http"}://${host === "::1" ? "[::1]" : host}:${server.port}`;
  return new RunningSimulator(esp, url, { ...account, baseUrl: url }, server);
}

class RunningSimulator<E extends EspName> implements Simulator<E> {
  readonly esp: E;
  readonly url: string;
  readonly options: AdapterOptions<E>;
  readonly #server: SimulatorServer;

  constructor(esp: E, url: string, options: AdapterOptions<E>, server: SimulatorServer) {
    this.esp = esp;
    this.url = url;
    this.options = options;
    this.#server = server;
  }

  get inbox(): readonly ReceivedMessage[] {
    return this.#server.inbox;
  }

  get requests(): number {
    return this.#server.requests;
  }

  get connections(): number {
    return this.#server.connections;
  }

  fault(fault: Fault, span: FaultSpan = {}): Promise<void> {
    return this.#server.fault(fault, span);
  }

  heal(): Promise<void> {
    return this.#server.heal();
  }

  clear(): void {
    this.#server.clear();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

import { checkDuration } from "../duration.ts";

/**
 * What a simulated ESP does instead of its work. Durations are milliseconds.
 *
 * Before the request can be read; nothing is accepted:
 * - `refuse`: nothing listens on the port any more, and live connections end; `heal` listens on the same port again
 * - `reset-on-accept`: a TCP reset as soon as a connection is accepted; idle connections end when the fault begins
 *
 * After the request was read whole, and not accepted:
 * - `reset-after-request`: a TCP reset instead of an answer
 * - `stall`: no answer, ever
 * - `status`: this answer, with an empty body by default
 * - `html-200`: the page of a proxy or a captive portal, with status 200
 * - `empty-200`: status 200 without a body, and without anything that this ESP puts into a receipt
 *
 * After the request was judged as always, so that a valid message is in the inbox:
 * - `accept-then-reset`: a TCP reset instead of the answer
 * - `accept-then-stall`: no answer, ever
 * - `stall-body`: the head of the answer and half of its body, then nothing
 * - `truncate`: the head of the answer and half of its body, then the end of the connection
 * - `slow`: the usual answer, `ms` later
 *
 * In the words of that ESP, and not accepted; a request that the ESP refuses anyway gets its usual answer, except that
 * `unauthorized`, `suspended`, `quota` and `throttle` come first, as they do at the ESPs:
 * - `throttle`: status 429. `retryAfter` goes into `Retry-After`, rounded up to seconds; at Mailgun into the text
 * - `unauthorized`: SES 403, the others 401
 * - `suspended`: SES 400, SendGrid and Mailgun 403, Mailjet 401
 * - `sender-unverified`: SES and Mailgun 400, SendGrid and Mailjet 403
 * - `quota`: SES 400, SendGrid 401, Mailgun 402. Mailjet documents no answer of its own for this: 402 with its error form
 * - `reject-message`: SES 400 `MessageRejected`. The other three accept a message before they look at its content, so
 *   they give what comes nearest: the 400 for an invalid part of the message. For a batch SES answers 200 with
 *   `MESSAGE_REJECTED` for each entry, Mailjet with an error for each message
 *
 * Questions about the account (those of `mailer.verify()`) suffer the same faults; what an account is told of its own
 * state is in the answer itself: SES `GetAccount` says that sending is shut down or the quota used up, SendGrid has no
 * credits left, Mailgun's domain is disabled or unverified, and senders are on no list. Otherwise, as Mailjet's to a
 * suspended key, they are answered in the words for a mail. Of a used-up quota Mailgun's domain would not tell; here it
 * is 402 as for a mail.
 */
export type Fault =
  | PlainFault<
      | "refuse"
      | "reset-on-accept"
      | "reset-after-request"
      | "accept-then-reset"
      | "accept-then-stall"
      | "stall"
      | "stall-body"
      | "html-200"
      | "empty-200"
      | "truncate"
      | "unauthorized"
      | "suspended"
      | "sender-unverified"
      | "quota"
      | "reject-message"
    >
  | { readonly kind: "slow"; readonly ms: number }
  | {
      readonly kind: "status";
      /** 200 to 599. */
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: "throttle"; readonly retryAfter?: number };

type PlainFault<K extends string> = K extends string ? { readonly kind: K } : never;

/** What `Simulator.fault` takes as `kind`. */
export type FaultKind = Fault["kind"];

/** How long a fault lasts; without both, until `heal()`. With both, until the first of them is over. */
export interface FaultSpan {
  /** For the next so many requests; with `reset-on-accept`, connections. Not with `refuse`: nobody can count those. */
  readonly times?: number;
  /** For so many milliseconds by the clock. */
  readonly for?: number;
}

interface Effect {
  readonly strikes: "port" | "connection" | "request";
  /** Whether the ESP takes the message nevertheless. */
  readonly accepts: boolean;
  readonly ending: "answer" | "reset" | "silence" | "half an answer, then silence" | "half an answer, then the end";
}

const answered: Effect = { strikes: "request", accepts: false, ending: "answer" };

export const effects: Readonly<Record<FaultKind, Effect>> = {
  refuse: { strikes: "port", accepts: false, ending: "reset" },
  "reset-on-accept": { strikes: "connection", accepts: false, ending: "reset" },
  "reset-after-request": { strikes: "request", accepts: false, ending: "reset" },
  "accept-then-reset": { strikes: "request", accepts: true, ending: "reset" },
  "accept-then-stall": { strikes: "request", accepts: true, ending: "silence" },
  stall: { strikes: "request", accepts: false, ending: "silence" },
  "stall-body": { strikes: "request", accepts: true, ending: "half an answer, then silence" },
  truncate: { strikes: "request", accepts: true, ending: "half an answer, then the end" },
  slow: { strikes: "request", accepts: true, ending: "answer" },
  status: answered,
  throttle: answered,
  "html-200": answered,
  "empty-200": answered,
  unauthorized: answered,
  suspended: answered,
  "sender-unverified": answered,
  quota: answered,
  "reject-message": answered,
};

/** A fault and what is left of its span. */
export class ScheduledFault {
  readonly fault: Fault;
  readonly #until: number;
  #left: number;

  constructor(fault: Fault, span: FaultSpan) {
    checkFault(fault);
    checkSpan(fault, span);
    // Later changes of the caller's object change nothing here.
    this.fault = structuredClone(fault);
    this.#left = span.times ?? Number.POSITIVE_INFINITY;
    this.#until = performance.now() + (span.for ?? Number.POSITIVE_INFINITY);
  }

  /** The fault, if it strikes this; each call uses up one of its times. */
  strike(target: "connection" | "request"): Fault | undefined {
    const fault = this.peek(target);
    if (fault) this.#left -= 1;
    return fault;
  }

  /** The same without using it up, if it is one of those. */
  peek(target: "connection" | "request", isMeant: (fault: Fault) => boolean = () => true): Fault | undefined {
    const isOver = this.#left <= 0 || performance.now() >= this.#until;
    const strikes = effects[this.fault.kind].strikes === target && !isOver;
    return strikes && isMeant(this.fault) ? this.fault : undefined;
  }
}

function checkFault(fault: Fault): void {
  if (!Object.hasOwn(effects, fault.kind)) {
    throw new RangeError(
      `There is no fault of kind ${JSON.stringify(fault.kind)}. There are: ${Object.keys(effects).join(", ")}.`,
    );
  }
  if (fault.kind === "slow") checkDuration("ms of a slow fault", fault.ms);
  if (fault.kind === "throttle" && fault.retryAfter !== undefined) {
    checkDuration("retryAfter of a throttle fault", fault.retryAfter);
  }
  if (fault.kind === "status" && !(Number.isInteger(fault.status) && fault.status >= 200 && fault.status <= 599)) {
    throw new RangeError(`status of a status fault must be an integer from 200 to 599, not ${fault.status}.`);
  }
}

function checkSpan(fault: Fault, { times, for: duration }: FaultSpan): void {
  if (duration !== undefined) checkDuration("for", duration);
  if (times === undefined) return;
  if (!(Number.isInteger(times) && times > 0)) throw new RangeError(`times must be a positive integer, not ${times}.`);
  if (effects[fault.kind].strikes === "port") {
    throw new RangeError("times cannot go with refuse, since refused connections cannot be counted: use for.");
  }
}

import { now } from "../clock.ts";
import { type Failure, isProviderError } from "../failure.ts";
import type { Address } from "../message/message.ts";
import { mailboxStrings } from "../message/own-strings.ts";
import type { Wire } from "../wire/wire.ts";
import { bodyJson } from "./answer-body.ts";
import { answerTo, type Esp, loaded } from "./attempt.ts";
import type { VerifyQuestion } from "./provider.ts";
import { Seam, type Way } from "./seam.ts";
import { domainOf } from "./sender-domains.ts";
import { refusal } from "./verdict.ts";

/** What came of one question. */
export interface Reply {
  /** The JSON of an answer with status 200. */
  readonly answer: unknown;
  /** How an attempt would have failed that was answered so, or not at all. A question sends nothing. */
  readonly failure: Failure;
  /** Whether the failure is what the ESP itself said, and no proxy before it. */
  readonly isOwn: boolean;
}

/** The questions that one verification asks an ESP, one after the other and within one time limit. */
export class Inquiry<Sdk> {
  /** Who is to send. */
  readonly sender: Address | undefined;
  readonly #esp: Esp<Sdk>;
  readonly #wire: Wire;
  readonly #signal: AbortSignal;
  readonly #deadline: number;
  #isAnswered = false;
  #unanswered: Reply | undefined;

  constructor(esp: Esp<Sdk>, wire: Wire, { sender, signal, timeout }: VerifyQuestion) {
    this.sender = sender;
    this.#esp = esp;
    this.#wire = wire;
    this.#signal = signal;
    this.#deadline = now() + timeout;
  }

  /**
   * Has the SDK build one request and asks once. An ESP that has left one question without an answer is asked no more:
   * what is asked after that has the same failure.
   *
   * @throws ProviderError if the ESP has answered nothing so far; but that no credentials were found is an answer
   */
  async ask(dispatch: (sdk: Sdk, way: Way) => Promise<unknown>): Promise<Reply> {
    if (this.#unanswered) return this.#unanswered;
    const timeout = Math.max(1, this.#deadline - now());
    const seam = new Seam(this.#wire, { id: "", fresh: true, timeout, signal: this.#signal });
    const secrets = () => [...this.#esp.secrets, ...seam.secrets, ...this.#stringsOfSender()];
    try {
      const thrown = await seam.run(() => loaded(this.#esp, (sdk) => dispatch(sdk, seam)));
      const response = answerTo(this.#esp, seam, thrown, secrets);
      this.#isAnswered = true;
      const { answers } = this.#esp;
      const statement = answers.statement(response);
      return {
        answer: response.status === 200 ? bodyJson(response) : undefined,
        failure: ofQuestion(refusal(response, answers, statement, secrets)),
        isOwn: statement.own,
      };
    } catch (error) {
      if (!isProviderError(error)) throw error;
      // That there are no credentials is certain without a request.
      const isOwn = error.failure.reason === "authentication";
      if (!this.#isAnswered && !isOwn) throw error;
      this.#unanswered = { answer: undefined, failure: ofQuestion(error.failure), isOwn };
      return this.#unanswered;
    }
  }

  #stringsOfSender(): readonly string[] {
    return this.sender ? [...mailboxStrings(this.sender), domainOf(this.sender)] : [];
  }
}

/** Whatever became of it, no mail was sent. */
function ofQuestion(failure: Failure): Failure {
  return Object.freeze({ ...failure, sent: "no" });
}

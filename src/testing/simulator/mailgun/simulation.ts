import { randomBytes } from "node:crypto";
import {
  type Answer,
  type Condition,
  type EspSimulation,
  json,
  type ReceivedRequest,
  refused,
  type Verdict,
} from "../esp.ts";
import type { ReceivedMessage } from "../inbox.ts";
import type { VerifiedSenders } from "../senders.ts";
import { findProblem, optionProblem } from "./checks.ts";
import { readForm } from "./form.ts";
import { answerDomain } from "./questions.ts";
import { readMessage } from "./reading.ts";
import { formsByRecipient } from "./recipient-variables.ts";

/** The account at Mailgun, in the words of the adapter's options. */
export interface MailgunAccount {
  readonly apiKey: string;
  readonly domain: string;
}

export function mailgunAccount(given: Partial<MailgunAccount> = {}): MailgunAccount {
  const random = (bytes: number) => randomBytes(bytes).toString("hex");
  return { apiKey: `${random(16)}-${random(4)}-${random(4)}`, domain: "mg.example.com", ...given };
}

const domainPath = /^\/v4\/domains\/([^/?]+)$/u;
const path = /^\/v3\/([^/?]+)\/messages$/u;

/** Mailgun's v3 Messages: a form, and answers in JSON or plain text. */
export class MailgunSimulation implements EspSimulation {
  readonly largestBody = 25 * 1024 * 1024;
  readonly tooLarge = failure(413, "Request Entity Too Large");
  readonly #account: MailgunAccount;
  readonly #senders: VerifiedSenders;

  constructor(account: MailgunAccount, senders: VerifiedSenders) {
    this.#account = account;
    this.#senders = senders;
  }

  /** It takes any sender, where its own domain is verified. */
  isVerified(): boolean {
    return this.#senders.has(this.#account.domain);
  }

  async receive(request: ReceivedRequest): Promise<Verdict> {
    const asked = domainPath.exec(request.target)?.[1];
    const domain = asked ?? path.exec(request.target)?.[1];
    // What a wrong endpoint is told, with status 200.
    if (domain === undefined) return refused(plain(200, "Mailgun Magnificent API"));
    if (request.method !== (asked === undefined ? "POST" : "GET")) return refused(failure(405, "Method not allowed"));
    const credentials = Buffer.from(`api:${this.#account.apiKey}`).toString("base64");
    if (request.headers.get("authorization") !== `Basic ${credentials}`) {
      return refused(this.refuse("unauthorized", undefined));
    }
    if (decodeURIComponent(domain) !== this.#account.domain) {
      return refused(failure(404, `Domain not found: ${domain}`));
    }
    if (asked !== undefined) {
      return answerDomain(this.#account.domain, this.isVerified(), this.refuse("unauthorized", undefined));
    }
    const form = await readForm(request);
    const problem = findProblem(form);
    if (problem !== undefined) return refused(failure(400, problem));
    const forms = formsByRecipient(form);
    const unfit = forms.map(optionProblem).find((found) => found !== undefined);
    if (unfit !== undefined) return refused(failure(400, unfit));
    // One id for all of them.
    const id = messageId(this.#account.domain);
    const raw = { fields: form.fields, files: form.files };
    // In test mode all is as always, except that nothing is sent.
    const accepted = form.text("o:testmode") === "yes" ? [] : forms.map((own) => ({ ...readMessage(id, own), raw }));
    return { answer: json(200, { id, message: "Queued. Thank you." }), accepted };
  }

  refuse(condition: Condition, _message: ReceivedMessage | undefined): Answer {
    switch (condition) {
      case "unauthorized":
        return plain(401, "Forbidden", { "www-authenticate": 'Basic realm="MG API"' });
      case "suspended":
        return failure(403, "Your account is temporarily disabled. Please contact support to resolve.");
      case "sender-unverified":
        return failure(
          400,
          `Domain ${this.#account.domain} is not allowed to send: The domain is unverified and requires DNS ` +
            "configuration. Log in to your control panel to view required DNS records.",
        );
      case "quota":
        return failure(402, "Payment required: your account has reached its sending limit.");
      case "reject-message":
        return failure(400, "'to' parameter is not a valid address. please check documentation");
    }
  }

  throttle(retryAfter: number | undefined): Answer {
    const refusal = `Domain ${this.#account.domain} is not allowed to send: recipient limit exceeded`;
    if (retryAfter === undefined) return failure(429, refusal);
    // The words have whole seconds only: rounded up, so that nobody comes back too early.
    const until = new Date(Math.ceil((Date.now() + retryAfter) / 1_000) * 1_000);
    return failure(429, `${refusal}, try again after ${until.toUTCString().replace("GMT", "UTC")}`);
  }
}

function failure(status: number, message: string): Answer {
  return json(status, { message });
}

function plain(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "text/plain", ...headers }, body };
}

function messageId(domain: string): string {
  const time = new Date().toISOString().replace(/\D/gu, "").slice(0, 14);
  return `<${time}.1.${randomBytes(8).toString("hex")}@${domain}>`;
}

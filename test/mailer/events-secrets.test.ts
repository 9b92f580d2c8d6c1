import { inspect } from "node:util";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, type Message, type Reason } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, pass, standby } from "./health-support.ts";
import { eventNames } from "./support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

/** None of these may be seen anywhere but in the message itself. */
const secrets = {
  fromName: "Frommer Canaryson",
  fromAddress: "from-canary@sender.example.com",
  toName: "Ada Canaryless",
  toAddress: "ada.canary+tag@inbox.example.org",
  ccAddress: "cc-canary@inbox.example.org",
  bccAddress: "bcc-canary@inbox.example.org",
  replyTo: "reply-canary@inbox.example.org",
  subject: "Canary order 4711 for you",
  text: "The canary sings at midnight.",
  html: "<p>The canary dances at noon.</p>",
  header: "canary-header-value",
  tag: "canary-tag",
  metadata: "canary-metadata-value",
  filename: "canary-invoice.pdf",
};
const credentials = [
  "SG.canaryCanaryCanary0.canaryCanaryCanaryCanaryCanary",
  "key-0123456789abcdef0123456789abcdef",
  "Bearer canary.token.value",
  "AKIACANARYCANARY1234",
];

const message: Message = {
  from: { name: secrets.fromName, address: secrets.fromAddress },
  to: { name: secrets.toName, address: secrets.toAddress },
  cc: secrets.ccAddress,
  bcc: secrets.bccAddress,
  replyTo: secrets.replyTo,
  subject: secrets.subject,
  text: secrets.text,
  html: secrets.html,
  headers: { "X-Campaign": secrets.header },
  tags: [secrets.tag],
  metadata: { order: secrets.metadata },
  attachments: [{ filename: secrets.filename, content: "canary content", encoding: "utf8" }],
};

const reasons: readonly Reason[] = [
  "rejected",
  "invalid",
  "too-large",
  "unsupported",
  "not-found",
  "authentication",
  "suspended",
  "sender",
  "quota",
  "throttled",
  "unreachable",
  "unavailable",
  "response-lost",
  "timeout",
  "bad-response",
  "server-error",
  "internal",
  "aborted",
];

/** All that somebody who logs everything would write down. */
function written(what: unknown): string {
  return `${inspect(what, { depth: Number.POSITIVE_INFINITY, showHidden: true })}\n${JSON.stringify(what)}\n${what}`;
}

function leaks(text: string): string[] {
  return [...Object.values(secrets), ...credentials].filter((secret) => text.includes(secret));
}

describe("no event and no warning carries an address, a subject, a body or a credential", () => {
  const echo = [...Object.values(secrets), ...credentials].join(" | ");

  it.each(reasons)("where a provider that fails as %s says them all", async (reason) => {
    const primary = memoryProvider({
      name: "primary",
      script: () => ({ reason, detail: `Refused: ${echo}`, code: echo, status: 400 }),
    });
    const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
    const log: string[] = [];
    for (const name of eventNames) mailer.on(name, (event) => log.push(`${name} ${written(event)}`));

    for (let sent = 0; sent < 12; sent += 1) {
      const sending = Promise.allSettled([mailer.send(message), mailer.send(message, { only: ["primary"] })]);
      await pass(60_000);
      for (const result of await sending) log.push(written(result));
      log.push(written(mailer.health()));
    }
    log.push(written(vi.mocked(process.emitWarning).mock.calls));

    expect(log.length).toBeGreaterThan(24);
    expect(leaks(log.join("\n"))).toEqual([]);
  });

  it("where an adapter throws an error of its own that says them all", async () => {
    const primary = {
      name: "primary" as const,
      unsupported: () => [],
      send: () => Promise.reject(new Error(echo, { cause: message })),
    };
    const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
    const log: string[] = [];
    for (const name of eventNames) mailer.on(name, (event) => log.push(`${name} ${written(event)}`));

    await mailer.send(message);
    await mailer.send(message, { onUnknown: "stop" }).catch((error: unknown) => log.push(written(error)));

    expect(leaks(log.join("\n"))).toEqual([]);
  });

  it("where the message is invalid, unsupported or dropped", async () => {
    const primary = memoryProvider({ name: "primary", unsupported: () => ["subject", "to", "metadata"] });
    const mailer = createMailer({ providers: [primary] });
    const log: string[] = [];
    for (const name of eventNames) mailer.on(name, (event) => log.push(`${name} ${written(event)}`));

    await mailer.send(message).catch((error: unknown) => log.push(written(error)));
    await mailer
      .send({ ...message, to: `${secrets.toAddress} ${secrets.ccAddress}`, subject: `${secrets.subject}\n` })
      .catch((error: unknown) => log.push(written(error)));

    expect(log).toHaveLength(5);
    expect(leaks(log.join("\n"))).toEqual([]);
  });

  it("nor does the process warning where nobody listens", async () => {
    const primary = memoryProvider({
      name: "primary",
      script: [{ reason: "suspended", detail: echo, code: echo }, "accepted", { reason: "internal", detail: echo }],
    });
    const mailer = createMailer({ providers: [primary, standby()] });
    await mailer.send(message);
    await pass(20_000);
    await mailer.send(message);
    await mailer.send(message);

    const texts = written(vi.mocked(process.emitWarning).mock.calls);
    expect(vi.mocked(process.emitWarning)).toHaveBeenCalledTimes(2);
    expect(leaks(texts)).toEqual([]);
  });
});

import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import {
  createMailer,
  type Failure,
  failure,
  failureInPhase,
  isSteadyMailError,
  type Message,
  type Provider,
  ProviderError,
  type Reason,
} from "../../src/index.ts";
import { adapter, elapse, recordEvents, silenceWarnings, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

/** Strings that must appear nowhere, one for each place of a message that holds what is private. */
const canaries = {
  from: "sender.canary@shop.example.com",
  fromName: "Sendrine Canary",
  to: "recipient.canary@example.org",
  toName: "Recipienne Canary",
  cc: "copy.canary@example.org",
  bcc: "blind.canary@example.org",
  replyTo: "reply.canary@example.org",
  subject: "Subject canary 7f3a: your result is positive",
  text: "Text canary 91bb: the code is 4821.",
  html: "Markup canary 0c44",
  header: "header-canary-5521",
  metadata: "metadata-canary-8130",
  tag: "tag-canary-6617",
  filename: "filename-canary-2290.pdf",
  variable: "variable-canary-3341",
} as const;

const message: Message = {
  from: { name: canaries.fromName, address: canaries.from },
  to: `${canaries.toName} <${canaries.to}>`,
  cc: canaries.cc,
  bcc: canaries.bcc,
  replyTo: canaries.replyTo,
  subject: canaries.subject,
  text: `Hello,\r\n${canaries.text}\r\n\r\nBye`,
  html: `<p>\n${canaries.html}\n</p>`,
  headers: { "X-Case": canaries.header },
  metadata: { case: canaries.metadata },
  tags: [canaries.tag],
  attachments: [{ filename: canaries.filename, content: "x", encoding: "utf8" }],
  template: { id: { a: "t-1", b: "t-2" }, variables: { deep: [{ value: canaries.variable }] } },
};

const everything = Object.values(canaries).join(" | ");

function expectNoCanary(where: string, value: unknown): void {
  const views = [
    inspect(value, { depth: Number.POSITIVE_INFINITY, maxStringLength: null, maxArrayLength: null }),
    inspect(value, { depth: Number.POSITIVE_INFINITY, maxStringLength: null, showHidden: true, getters: true }),
    JSON.stringify(value) ?? "",
    String(value instanceof Error ? value.message : ""),
    String(value instanceof Error ? value.stack : ""),
  ];
  for (const [place, canary] of Object.entries(canaries)) {
    for (const view of views) expect(view.includes(canary), `the ${place} in ${where}`).toBe(false);
  }
}

/** Sends the message to two such providers and searches all that comes of it. */
async function searchAll(
  make: () => unknown,
  onUnknown: "failover" | "stop",
  standby?: Provider<"b">,
): Promise<string> {
  const warnings: unknown[] = [];
  vi.spyOn(process, "emitWarning").mockImplementation((...warning: unknown[]) => {
    warnings.push(warning);
  });
  const send = async (): Promise<never> => {
    throw make();
  };
  const mailer = createMailer({
    providers: [adapter("a", { send }), standby ?? adapter("b", { send })],
    breaker: { consecutiveFailures: 1 },
  });
  const outcomes: unknown[] = [];
  const sendOnce = () =>
    mailer.send(message, { onUnknown }).then(
      (receipt) => outcomes.push(receipt),
      (error: unknown) => outcomes.push(error),
    );
  // Once while nobody listens, so that the process is warned; then with a listener for every event.
  void sendOnce();
  await elapse(35_000);
  const events = recordEvents(mailer);
  void sendOnce();
  await elapse(35_000);
  expect(outcomes).toHaveLength(2);
  expect(events.length).toBeGreaterThan(0);
  for (const outcome of outcomes) expectNoCanary("the outcome", outcome);
  for (const { name, event } of events) expectNoCanary(`event ${name}`, event);
  for (const warning of warnings) expectNoCanary("a process warning", warning);
  expectNoCanary("the mailer", mailer);
  expectNoCanary("the health", mailer.health());
  return isSteadyMailError(outcomes[0]) ? outcomes[0].kind : "accepted";
}

const reasons = [
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
] as const satisfies readonly Reason[];

function spoken(reason: (typeof reasons)[number] | "internal" | "aborted"): Failure {
  const words = { detail: `Refused: ${everything}`, code: `Code ${everything}`, status: 400 };
  return reason === "internal" || reason === "aborted"
    ? failureInPhase(reason, "maybe", words)
    : failure(reason, words);
}

describe.each(["failover", "stop"] as const)("Nothing of the message is told when its strings are in", (onUnknown) => {
  test.each([...reasons, "internal" as const, "aborted" as const])(
    `the detail and the code of a failure (%s, onUnknown ${onUnknown})`,
    async (reason) => {
      const outcome = await searchAll(() => new ProviderError(spoken(reason)), onUnknown);

      expect(outcome).not.toBe("accepted");
    },
  );
});

describe("Nothing of the message is told when its strings are in", () => {
  test("the failure before an acceptance, which the receipt carries", async () => {
    const kind = await searchAll(() => new ProviderError(spoken("server-error")), "failover", adapter("b", {}));

    expect(kind).toBe("accepted");
  });

  const thrown: readonly (readonly [string, () => unknown])[] = [
    ["an Error's message", () => new Error(everything)],
    ["an Error's name", () => Object.assign(new Error("x"), { name: everything })],
    ["an Error's cause", () => new Error("x", { cause: new Error(everything) })],
    ["an Error's own properties", () => Object.assign(new Error("x"), { response: { body: everything } })],
    ["an AggregateError", () => new AggregateError([new Error(everything)], everything)],
    ["a thrown string", () => everything],
    ["a thrown object", () => ({ message: everything, toString: () => everything })],
    [
      "a ProviderError's own message and properties",
      () => Object.assign(new ProviderError(failure("server-error")), { message: everything, response: everything }),
    ],
    ["a ProviderError's status", () => withFailure({ ...failure("server-error"), status: everything })],
    ["a ProviderError's retryAfter", () => withFailure({ ...failure("unavailable"), retryAfter: everything })],
    ["a ProviderError's reason", () => withFailure({ ...failure("unavailable"), reason: everything })],
    ["further properties of a failure", () => withFailure({ ...failure("unavailable"), response: everything })],
  ];
  test.each(thrown)("%s", async (_, make) => {
    expect(await searchAll(make, "failover")).not.toBe("accepted");
  });

  test("addresses that are not the message's, and credentials", async () => {
    const foreign = ["eve@elsewhere.example", "SG.abcdefghij.klmnopqrstuvwxyz", "AKIAABCDEFGHIJKLMNOP"];
    const send = async (): Promise<never> => {
      throw new ProviderError(failure("rejected", { detail: foreign.join(" "), code: foreign.join(" ") }));
    };
    const mailer = createMailer({ providers: [adapter("a", { send })] });
    const events = recordEvents(mailer);
    const error: unknown = await mailer
      .send({ ...message, template: { id: "t-1" } })
      .catch((caught: unknown) => caught);

    const all = inspect([error, events], { depth: Number.POSITIVE_INFINITY });
    expect(isSteadyMailError(error)).toBe(true);
    for (const canary of foreign) expect(all.includes(canary), canary).toBe(false);
  });

  test("a one-time code that is a whole body or line of its own", async () => {
    const send = async (): Promise<never> => {
      throw new ProviderError(failure("rejected", { detail: "content looks like phishing: 48213" }));
    };
    const mailer = createMailer({ providers: [adapter("a", { send })] });

    const error: unknown = await mailer
      .send({ from: "a@example.com", to: "b@example.org", subject: "Code", text: "Your code is\n48213" })
      .catch((caught: unknown) => caught);

    expect(isSteadyMailError(error)).toBe(true);
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toContain("48213");
  });

  test("a message that is refused before anything was sent", async () => {
    const mailer = createMailer({ providers: [adapter("a", {})] });
    const events = recordEvents(mailer);
    const invalid = {
      ...message,
      to: [`${canaries.to} and ${canaries.cc}`, canaries.toName],
      subject: `${canaries.subject}\r\nBcc: ${canaries.bcc}`,
      headers: { "X-Case": `${canaries.header}\n`, [canaries.header]: "ok\0" },
      template: undefined,
    };
    const error: unknown = await mailer.send(invalid).catch((caught: unknown) => caught);

    expect(isSteadyMailError(error)).toBe(true);
    const { header: _, ...rest } = canaries;
    const all = inspect([error, events], { depth: Number.POSITIVE_INFINITY });
    for (const [place, canary] of Object.entries(rest)) expect(all.includes(canary), place).toBe(false);
  });

  test("the sender's function and unsupported(), which throw them", async () => {
    const fail = (): never => {
      throw new Error(everything);
    };
    const a = adapter("a", { unsupported: fail });
    const b = adapter("b", {});
    const mailer = createMailer({ providers: [a, { provider: b, from: fail }] });
    const events = recordEvents(mailer);
    const error: unknown = await mailer.send(message).catch((caught: unknown) => caught);

    expect(isSteadyMailError(error)).toBe(true);
    expectNoCanary("the error", error);
    expectNoCanary("the events", events);
  });
});

/** A ProviderError as untyped code may make it. */
function withFailure(given: unknown): ProviderError {
  return Object.defineProperty(new ProviderError(failure("unavailable")), "failure", { value: given });
}

import { describe, expect, it, vi } from "vitest";
import { isSteadyMailError, type Mailer, type Receipt } from "../../src/index.ts";
import { type EspName, type Fault, memoryProvider, type Simulator } from "../../src/testing/index.ts";
import { recordEvents } from "../mailer/support.ts";
import { canariesIn, echoesOf, message, secrets, useEspsWithCanaries, words } from "./support/canaries.ts";
import { adapterOf, espNames, openMailer } from "./support/esps.ts";

const esps = await useEspsWithCanaries();

type Row = readonly [what: string, fault: Fault];

function answer(what: string, status: number, type: string, body: string, headers: Record<string, string> = {}): Row {
  return [what, { kind: "status", status, headers: { "content-type": type, ...headers }, body }];
}

/** The words in the form in which each ESP says what is wrong with a request. */
function inOwnForm(words: string): string {
  const Errors = [{ ErrorMessage: words, ErrorCode: words, StatusCode: 400 }];
  return JSON.stringify({
    message: words,
    __type: words,
    code: words,
    errors: [{ message: words, field: words, error_id: words }],
    ErrorMessage: words,
    ErrorCode: words,
    StatusCode: 400,
    Messages: [{ Status: "error", Errors }],
  });
}

const json = "application/json";

/** How a service may write what it repeats. */
const spellings: readonly (readonly [what: string, spell: (words: string) => string])[] = [
  ["as it is", (words) => words],
  ["on one line", (words) => words.replace(/\s+/g, " ")],
  ["in capitals", (words) => words.toUpperCase()],
  ["in small letters", (words) => words.toLowerCase()],
  ["in URL encoding", encodeURIComponent],
  ["in HTML entities", (words) => words.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`)],
  ["as JSON", (words) => JSON.stringify({ request: words })],
  ["as a part of a long text", (words) => `${"word ".repeat(40)}${words}${" word".repeat(1_000)}${words}`],
];
const statuses = [200, 202, 301, 400, 401, 402, 403, 404, 413, 429, 500, 502, 503];

/** Faults that repeat all that the ESP was sent, under every status and at every place of an answer. */
function repetitions(name: EspName): readonly Row[] {
  const echo = echoesOf(name).join("\n");
  // Headers carry ASCII on one line.
  const line = echo.replace("Zoë Badgername", "").replace(/\s+/g, " ");
  const headers = { "x-amzn-errortype": line, "retry-after": line, "x-message-id": line, location: line };
  return [
    ...statuses.map((status) => answer(`${status} that repeats all as the ESP would`, status, json, inOwnForm(echo))),
    ...statuses.map((status) => answer(`${status} that repeats all as text`, status, "text/plain", echo)),
    answer("a page that repeats all", 500, "text/html", `<p>${echo}</p>`),
    answer("a throttle that repeats all", 429, json, JSON.stringify({ message: `try again after ${echo}` })),
    answer("headers that repeat all", 400, json, "{}", headers),
  ];
}

const kinds: readonly Fault[] = [
  { kind: "refuse" },
  { kind: "reset-on-accept" },
  { kind: "reset-after-request" },
  { kind: "accept-then-reset" },
  { kind: "accept-then-stall" },
  { kind: "stall" },
  { kind: "stall-body" },
  { kind: "slow", ms: 60_000 },
  { kind: "status", status: 500 },
  { kind: "throttle" },
  { kind: "throttle", retryAfter: 60_000 },
  { kind: "html-200" },
  { kind: "empty-200" },
  { kind: "truncate" },
  { kind: "unauthorized" },
  { kind: "suspended" },
  { kind: "sender-unverified" },
  { kind: "quota" },
  { kind: "reject-message" },
];

const faultsOf = (name: EspName): readonly Row[] => [
  ...kinds.map((fault): Row => [nameOf(fault), fault]),
  ...repetitions(name),
];

function nameOf(fault: Fault): string {
  return "retryAfter" in fault ? `${fault.kind} with a time` : fault.kind;
}

/** Everything that comes out of a send: its outcome, what the mailer tells if somebody listens, and its state. */
async function evidenceOf<N extends string>(mailer: Mailer<N>, listening: boolean) {
  const events = listening ? recordEvents(mailer) : [];
  const outcome = await mailer.send(message).then(
    (receipt) => ({ receipt }),
    (error: unknown) => ({ error }),
  );
  return { ...outcome, events, health: mailer.health(), mailer };
}

/** Long enough for an answer from loopback, and no longer, since what stalls has to be waited for. */
const limits = { timeout: 250, retry: { maxRounds: 1 } };

describe.each(espNames)("whatever fails at %s, no canary is in what a program can print:", (name) => {
  const esp: Simulator = esps[name];

  it.each(faultsOf(name))("%s", async (_what, fault) => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    esp.fault(fault);
    const lone = openMailer({ providers: [adapterOf(esp)], ...limits });
    const pair = openMailer<EspName | "memory">({ providers: [adapterOf(esp), memoryProvider()], ...limits });
    const [failed, failedOver] = await Promise.all([evidenceOf(lone, false), evidenceOf(pair, true)]);
    const warnings = emitWarning.mock.calls;

    const attempt = { provider: name, failure: expect.objectContaining({ reason: expect.any(String) }) };
    expect(failed).toMatchObject({ error: { attempts: [attempt] } });
    expect(["memory", "rejected"]).toContain(endOf(failedOver));
    expect(failedOver.events).toContainEqual({
      name: "attempt",
      event: expect.objectContaining({ attempt: expect.objectContaining(attempt) }),
    });
    if (failed.health[0]?.state === "down") expect(String(warnings)).toContain(`"${name}" is down`);
    expect(canariesIn({ failed, failedOver, warnings })).toEqual([]);
  });
});

/** Each part alone, since what is told of an error is short. */
describe.each(espNames)("words of %s that repeat a part of the request", (name) => {
  const esp: Simulator = esps[name];

  it.each(spellings)("%s never get into what a program can print", async (_what, spell) => {
    for (const part of echoesOf(name)) {
      for (const [type, body] of [
        [json, inOwnForm(spell(part))],
        ["text/plain", spell(part)],
      ] as const) {
        esp.fault({ kind: "status", status: 400, headers: { "content-type": type }, body });
        const evidence = await evidenceOf(openMailer({ providers: [adapterOf(esp)], ...limits }), true);
        expect(evidence).toMatchObject({ error: { attempts: [{ provider: name }] } });
        expect({ part, type, found: canariesIn(evidence) }).toEqual({ part, type, found: [] });
      }
    }
  });
});

/** Who took the message, or the kind of the error. */
function endOf(evidence: { readonly receipt: Receipt } | { readonly error: unknown }): string {
  if ("receipt" in evidence) return evidence.receipt.provider;
  return isSteadyMailError(evidence.error) ? evidence.error.kind : "no error of the library";
}

describe("the search for canaries", () => {
  it("finds each of them wherever it is", () => {
    const echo = espNames.flatMap(echoesOf).join("\n");
    const nested = new Error("outer", { cause: { list: [new Map([["a", echo]])] } });
    for (const evidence of [
      echo,
      { echo },
      nested,
      { [echo]: 1 },
      Object.defineProperty({}, "hidden", { value: echo }),
    ]) {
      expect(canariesIn(evidence)).toEqual([
        ...Object.values(secrets).flat(),
        ...words.filter((word) => word !== "bandicoot"),
      ]);
    }
  });
});

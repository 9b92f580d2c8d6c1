import { describe, expect, it, vi } from "vitest";
import { createMailer, isSteadyMailError, type SteadyMailError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/index.ts";
import { encrypted, large, message, providerAt, server, stopTime } from "./harness.ts";
import type { Deed, Point, ScriptedServer, ServerOptions } from "./scripted-server.ts";

/** What goes wrong, where, and whether somebody may have the message afterwards. */
interface Case {
  readonly name: string;
  readonly point: Point;
  readonly deed: Deed;
  readonly reason: string;
  readonly sent: "no" | "maybe";
  readonly copies?: 1;
  readonly isLarge?: true;
}

const points: readonly Point[] = ["connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"];
const cuts = [
  { how: "is cut", deed: { cut: "end" } },
  { how: "is reset", deed: { cut: "reset" } },
  { how: "stalls", deed: { stall: true } },
] as const;

const beforeTheDot: readonly Case[] = points.flatMap((point) =>
  cuts.map(({ how, deed }) => ({
    name: `${how} at ${point}`,
    point,
    deed,
    reason: "unreachable",
    sent: "no" as const,
  })),
);

const inTheBody: readonly Case[] = cuts.map(({ how, deed }) => ({
  name: `${how} in the midst of a large body`,
  point: "body",
  deed,
  reason: "unreachable",
  sent: "no",
  isLarge: true,
}));

const afterTheDot: readonly Case[] = cuts.flatMap(({ how, deed }) => [
  {
    name: `${how} after the dot, before the server has the message`,
    point: "end",
    deed,
    reason: "stall" in deed ? "timeout" : "response-lost",
    sent: "maybe",
  },
  {
    name: `${how} after the dot, when the server has the message`,
    point: "end",
    deed: { ...deed, take: true },
    reason: "stall" in deed ? "timeout" : "response-lost",
    sent: "maybe",
    copies: 1,
  },
]);

const temporary: readonly Case[] = points.map((point) => ({
  name: `answers 4yz at ${point}`,
  point,
  deed: { say: "451 4.3.0 Local trouble" },
  reason: "unavailable",
  sent: "no",
}));

const permanent: readonly Case[] = [
  ["connect", "554 5.3.2 No service here", "unavailable"],
  ["EHLO", "550 5.3.2 No service here", "unavailable"],
  ["AUTH", "535 5.7.8 Bad credentials", "authentication"],
  ["MAIL", "550 5.7.1 Sender is not yours", "sender"],
  ["RCPT", "550 5.1.1 No such user", "rejected"],
  ["DATA", "554 5.7.1 Blocked by policy", "rejected"],
  ["end", "554 5.7.1 Looks like spam", "rejected"],
].map(([point, say, reason]) => ({
  name: `answers 5yz at ${point}`,
  point: point as Point,
  deed: { say: String(say) },
  reason: String(reason),
  sent: "no",
}));

const upgrading: readonly Case[] = [
  ...cuts.map(({ how, deed }) => ({ name: `${how} at STARTTLS`, deed, reason: "unreachable" })),
  { name: "is refused TLS for now", deed: { say: "454 4.7.0 TLS not available" }, reason: "unavailable" },
  { name: "is refused TLS", deed: { say: "502 5.5.1 No such command" }, reason: "unavailable" },
  {
    name: "is let upgrade to garbage",
    deed: { say: "220 Ready\r\nno TLS at all", cut: "end" as const },
    reason: "unreachable",
  },
].map((given) => ({ ...given, point: "STARTTLS", sent: "no" }));

const others: readonly Case[] = [
  { name: "answers 4yz to the dot", point: "end", deed: { say: "452 4.3.1 Full" }, reason: "unavailable", sent: "no" },
  { name: "answers 421 to the dot", point: "end", deed: { say: "421 4.3.2 Bye" }, reason: "unavailable", sent: "no" },
];

const all = [...beforeTheDot, ...inTheBody, ...afterTheDot, ...temporary, ...permanent, ...others];

interface Set {
  readonly esp: ScriptedServer;
  readonly send: (onUnknown: "failover" | "stop") => Promise<unknown>;
  readonly standby: ReturnType<typeof memoryProvider<"standby">>;
}

async function setUp({ point, deed, isLarge }: Case, isReused: boolean, options: ServerOptions): Promise<Set> {
  stopTime();
  let isArmed = !isReused;
  const esp = await server({ ...options, script: (turn) => (isArmed && turn.point === point ? deed : undefined) });
  const provider = providerAt(
    esp,
    options.encryption === "none" ? {} : { ...encrypted, secure: options.encryption === "from-start" },
  );
  const standby = memoryProvider({ name: "standby" });
  const mailer = createMailer({ providers: [provider, standby], retry: { maxRounds: 1 } });
  mailer.on("provider:down", () => {});
  if (isReused) await mailer.send(message);
  isArmed = true;
  const before = esp.reached(point);
  esp.inbox.length = 0;
  const sent = isLarge ? { ...message, ...large } : message;
  const send = async (onUnknown: "failover" | "stop") => {
    const sending = mailer.send(sent, { onUnknown }).catch((error: unknown) => error);
    if (deed.stall) {
      await esp.until(() => esp.reached(point) > before);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    const outcome = await sending;
    await mailer.close();
    // What stalled sees the end only when it reads on.
    for (const socket of esp.sockets) socket.resume();
    await esp.until(() => esp.open === 0);
    // The mailer looks once more, in no time, whether an attempt that it cut off has settled.
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
    return outcome;
  };
  return { esp, standby, send };
}

function expectError(outcome: unknown): SteadyMailError {
  if (!isSteadyMailError(outcome)) throw outcome;
  return outcome;
}

describe.each([
  ["the first message of a connection", false],
  ["a later message of a connection", true],
])("%s", (_, isReused) => {
  /** On a connection that is there already, nothing is left to go wrong in its beginning. */
  const cases = all.filter(({ point }) => !isReused || !["connect", "EHLO", "AUTH"].includes(point));

  it.each(cases)("that $name goes to the next provider, and the record says what may be", async (given) => {
    const { esp, standby, send } = await setUp(given, isReused, { encryption: "none" });
    const outcome = await send("failover");
    const stops = given.reason === "rejected";
    if (stops) expect(expectError(outcome)).toMatchObject({ kind: "rejected", sent: "no" });
    const failed = (outcome as { attempts: readonly { failure?: object }[] }).attempts[0];
    expect(failed).toMatchObject({ failure: { reason: given.reason, sent: given.sent } });
    if (!stops) expect(outcome).toMatchObject({ duplicate: given.sent === "no" ? "no" : "possible" });
    expect(esp.inbox).toHaveLength(given.copies ?? 0);
    expect(standby.inbox).toHaveLength(stops ? 0 : 1);
  });

  it.each(cases)("that $name is sent at most once where unknown means stop", async (given) => {
    const { esp, standby, send } = await setUp(given, isReused, { encryption: "none" });
    const outcome = await send("stop");
    if (given.sent === "maybe") expect(expectError(outcome)).toMatchObject({ kind: "unknown", sent: "maybe" });
    expect(esp.inbox).toHaveLength(given.copies ?? 0);
    const goesOn = given.sent === "no" && given.reason !== "rejected";
    expect(standby.inbox).toHaveLength(goesOn ? 1 : 0);
  });
});

describe.each(["starttls", "from-start"] as const)("with TLS (%s)", (encryption) => {
  const cases = all.filter(({ isLarge }) => !isLarge);

  it.each([...cases, ...(encryption === "starttls" ? upgrading : [])])(
    "a message that $name has the same fate",
    async (given) => {
      const { esp, standby, send } = await setUp(given, false, { encryption });
      const outcome = await send("stop");
      const failed = (outcome as { attempts: readonly { failure?: object }[] }).attempts[0];
      expect(failed).toMatchObject({ failure: { reason: given.reason, sent: given.sent } });
      expect(esp.inbox).toHaveLength(given.copies ?? 0);
      expect(standby.inbox).toHaveLength(given.sent === "no" && given.reason !== "rejected" ? 1 : 0);
    },
  );
});

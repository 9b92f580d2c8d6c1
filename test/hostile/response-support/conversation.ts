import { inspect } from "node:util";
import fc from "fast-check";
import { expect } from "vitest";
import { createMailer, type Receipt } from "../../../src/index.ts";
import type { EspName } from "../../../src/testing/index.ts";
import { espNamed } from "../../providers/esps.ts";
import { type RawServer, type Received, startRawServer } from "../../wire/raw-server.ts";
import { answer, type Header, type HostileAnswer, receipt, refusal } from "./answer.ts";
import { expectOutcome } from "./exchange.ts";
import { expectationOf } from "./oracle.ts";
import { limit, settleAll, turn } from "./settling.ts";
import { bytesOf } from "./wire-form.ts";
import { letter } from "./words.ts";

/** One message of several, and what the server says on its connection beyond the answer. */
export interface Step {
  readonly says: (typeof sayings)[number];
  readonly excess: (typeof excesses)[number];
  /** With the answer; or when the client has read that, at once before the next message or some turns before it. */
  readonly when: "with it" | "before the next" | "while idle";
}

const sayings = ["a receipt", "a receipt", "a refusal", "an error", "a page"] as const;
const excesses = [
  "nothing",
  "nothing",
  "a receipt",
  "two receipts",
  "half of a receipt",
  "a receipt that goes on",
  "a refusal",
  "an interim answer",
  "a line break",
  "a byte",
] as const;

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    says: fc.constantFrom(...sayings),
    excess: fc.constantFrom(...excesses),
    when: fc.constantFrom("with it", "before the next", "while idle"),
  }),
  { minLength: 3, maxLength: 3 },
);

const cookies: readonly Header[] = [["set-cookie", "track=1; path=/"]];

/** The answer to the message of that number, which no other message may be told. */
function answerTo(esp: EspName, number: number, { says }: Step): HostileAnswer {
  const meant = {
    "a receipt": receipt(esp, `id-${number}`),
    "a refusal": refusal(esp),
    "an error": answer(500),
    "a page": answer(200, "<html></html>"),
  }[says];
  return { ...meant, headers: [...meant.headers, ...cookies] };
}

function excessBytes(esp: EspName, { excess }: Step): Buffer {
  const evil = bytesOf(receipt(esp, "id-of-nobody"));
  const bytes = {
    nothing: "",
    "a receipt": evil,
    "two receipts": Buffer.concat([evil, evil]),
    "half of a receipt": evil.subarray(0, evil.length / 2),
    "a receipt that goes on": Buffer.from(
      evil.toString("latin1").replace(/content-length: \d+/, "content-length: 500"),
    ),
    "a refusal": bytesOf(refusal(esp)),
    "an interim answer": "HTTP/1.1 103 Early Hints\r\n\r\n",
    "a line break": "\r\n",
    "a byte": "H",
  }[excess];
  return Buffer.from(bytes);
}

/** Sends a message for each step over connections that are kept, and tells what went wrong. */
async function converse(esp: EspName, plan: readonly Step[], server: RawServer): Promise<readonly string[]> {
  const mailer = createMailer({
    providers: [espNamed(esp).create(server.url.origin)],
    retry: { maxRounds: 1 },
    timeout: limit,
  });
  try {
    for (const [number, step] of plan.entries()) {
      const sending: Promise<Receipt> = mailer.send({ ...letter, subject: `message-${number}` });
      const [outcome] = await Promise.allSettled([sending]);
      expectOutcome(esp, outcome, expectationOf(esp, answerTo(esp, number, step)));
      if (step.when !== "with it") await sayMore(server, excessBytes(esp, step));
      for (let i = 0; step.when === "while idle" && i < 5; i++) await turn();
    }
    expect(server.requests.map(numberIn)).toEqual(plan.map((_, number) => number));
    expect(server.requests.filter(({ head }) => /^cookie:/im.test(head))).toEqual([]);
    if (plan.every(({ excess }) => excess === "nothing")) expect(server.tcp).toHaveLength(1);
    return [];
  } catch (error) {
    return [`${esp}, ${inspect(plan)}:\n${error instanceof Error ? error.message : inspect(error)}`];
  } finally {
    await mailer.close();
  }
}

/** Resolves when the bytes are where the client will read them from, which has had no turn to do so. */
async function sayMore(server: RawServer, bytes: Buffer): Promise<void> {
  const open = server.connections.filter(({ stream }) => !stream.destroyed && stream.writable);
  await Promise.all(open.map(({ stream }) => new Promise((resolve) => stream.write(bytes, resolve))));
}

function numberIn({ body }: Received): number {
  return Number(/message-(\d+)/.exec(body.toString("latin1"))?.[1]);
}

/** Has all these conversations at once. Time must stand still. */
export async function converseAll(esp: EspName, plans: readonly (readonly Step[])[]): Promise<void> {
  const servers = await Promise.all(
    plans.map((plan) =>
      startRawServer({
        answer(request) {
          const number = numberIn(request);
          const step = plan[number];
          if (!step) return request.connection.reset();
          const more = step.when === "with it" ? excessBytes(esp, step) : Buffer.alloc(0);
          request.connection.stream.write(Buffer.concat([bytesOf(answerTo(esp, number, step)), more]));
        },
      }),
    ),
  );
  const conversations = plans.map((plan, i) => {
    const server = servers[i];
    return server ? converse(esp, plan, server) : Promise.resolve(["there was no server"]);
  });
  const results = await settleAll(conversations, servers);
  await Promise.all(servers.map((server) => server.close()));
  const faults = results.flatMap((result) => (result.status === "fulfilled" ? result.value : [String(result.reason)]));
  if (faults.length > 0)
    throw new Error(`${faults.length} of ${plans.length} went wrong:\n\n${faults.slice(0, 3).join("\n\n")}`);
}

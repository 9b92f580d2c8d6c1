import { expect, it } from "vitest";
import { createMailer, isSteadyMailError, type Mailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/index.ts";
import { letter } from "../contract/support/features.ts";
import { Crashes } from "./message-support/crashes.ts";
import { leaks } from "./message-support/evidence.ts";
import { throwingAt } from "./message-support/presentations.ts";
import { boom, cyclic, entity, revokedProxy, throwingProxy } from "./message-support/rogues.ts";
import { canary } from "./message-support/texts.ts";
import { thenable } from "./message-support/thenable.ts";

const crashes = new Crashes();

const hostile: readonly (readonly [what: string, make: () => unknown])[] = [
  ["null", () => null],
  ["a text", () => canary],
  ["a number", () => 5],
  ["a bigint", () => 5n],
  ["a symbol", () => Symbol(canary)],
  ["a function", () => boom],
  ["a list", () => [canary]],
  ["a proxy that throws", () => throwingProxy("get", "ownKeys", "has", "getPrototypeOf")],
  ["a proxy that throws when it is read", () => throwingProxy("get")],
  ["a revoked proxy", () => revokedProxy()],
  ["a revoked proxy of a list", () => revokedProxy([])],
  ["something that is awaited in vain", () => thenable(() => {})],
  ["an object of itself", cyclic],
  ["an instance of a class", entity],
  ["a Map", () => new Map([["bcc", "eve@example.net"]])],
  ["a field that throws", () => throwingAt({ cc: "ada@example.org" }, "cc")],
  ["a field that is not known", () => ({ [`${canary}\r\nBcc`]: "eve@example.net" })],
  ["what would pollute", () => JSON.parse('{"__proto__":{"bcc":"eve@example.net"}}')],
  ["headers that would pollute", () => ({ headers: JSON.parse('{"__proto__":{"polluted":true}}') })],
  ["a header with a line break", () => ({ headers: { "X-Note": `${canary}\r\nBcc: eve@example.net` } })],
  ["a sender that is none", () => ({ replyTo: canary })],
];

it.each(hostile)(
  "defaults that are %s are refused when the mailer is made, or with the message, or change nothing",
  async (_what, make) => {
    const memory = memoryProvider();
    let mailer: Mailer;
    try {
      mailer = Reflect.apply(createMailer, undefined, [{ providers: [memory], defaults: make() }]);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      expect(Object(error).message).toMatch(/^options\.defaults\b[^\p{Cc}\p{Cf}]{1,500}$/u);
      expect(leaks(error)).toBe(false);
      return;
    }
    const error = await mailer.send(letter).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await mailer.close();
    expect(crashes.taken()).toEqual([]);
    if (error === undefined) {
      expect(memory.inbox.map(({ message }) => message)).toMatchObject([
        { cc: [], bcc: [], replyTo: [], headers: [], subject: letter.subject },
      ]);
      return;
    }
    expect(memory.attempts).toBe(0);
    expect(isSteadyMailError(error) && error.kind === "invalid" && error.problems).toMatchObject(
      expect.arrayContaining([{ path: expect.stringMatching(/^defaults\b/), message: expect.any(String) }]),
    );
    expect(leaks(error)).toBe(false);
  },
);

import { describe, expect, it } from "vitest";
import type { Fault, Simulator } from "../../src/testing/index.ts";
import { canariesIn, echoesOf, message, useEspsWithCanaries } from "./support/canaries.ts";
import { adapterOf, espNames, openMailer } from "./support/esps.ts";

const esps = await useEspsWithCanaries();

const { from } = message;

async function foundBy(esp: Simulator): Promise<unknown> {
  const mailer = openMailer({ providers: [adapterOf(esp)] });
  const found = await mailer.verify({ from });
  expect(found).toHaveLength(1);
  expect(esp.inbox).toEqual([]);
  return found;
}

/** What the ESP was asked and by whom, wherever an answer could repeat it. */
function repeating(words: string, status: number): Fault {
  const error = { ErrorMessage: words, ErrorCode: words, StatusCode: status };
  const body = {
    message: words,
    __type: words,
    errors: [{ message: words, field: words, error_id: words }],
    ...error,
    Data: [{ APIKey: words, Email: words, Status: words }],
    domain: { name: words, state: words },
    scopes: [words],
    results: [{ from_email: words }],
  };
  return { kind: "status", status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

describe.each(espNames)("what is found at %s", (name) => {
  it.each(["unauthorized", "suspended", "sender-unverified", "quota", "throttle", "html-200", "refuse"] as const)(
    "names neither the sender nor the credentials after the fault %s",
    async (kind) => {
      await esps[name].fault({ kind });
      expect(canariesIn(await foundBy(esps[name]))).toEqual([]);
    },
  );

  it.each([200, 400, 401, 402, 403, 404, 429, 500, 503])(
    "repeats nothing of the sender and the credentials from an answer with status %d",
    async (status) => {
      const { address, name: display } = from;
      const domain = address.slice(address.indexOf("@") + 1);
      // The secrets stand last, and only the beginning of an answer is kept.
      const echoes = [...echoesOf(name)].reverse();
      const words = [`Not in ${domain}`, encodeURIComponent(address), display, address.toUpperCase(), ...echoes];
      await esps[name].fault(repeating(words.join("; "), status));
      const found = await foundBy(esps[name]);
      // What belongs to a message alone is not known here.
      const own = canariesIn(found).filter((word) => word === "walrus" || word.startsWith("canary"));
      expect(own).toEqual([]);
      if (name !== "mailgun") expect(JSON.stringify(found)).not.toContain(domain);
    },
  );

  it("names neither where everything is good", async () => {
    expect(canariesIn(await foundBy(esps[name]))).toEqual([]);
  });
});

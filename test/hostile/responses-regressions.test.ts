import { describe, expect, it } from "vitest";
import type { Failure } from "../../src/index.ts";
import type { EspName } from "../../src/testing/index.ts";
import { espNames, openMailer } from "../contract/support/esps.ts";
import { errorOf, failureWith, onlyFailure } from "../contract/support/verdicts.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { espNamed } from "../providers/esps.ts";
import { serverThat, stopTime } from "../wire/harness.ts";
import type { RawServer } from "../wire/raw-server.ts";
import { answer, type HostileAnswer, idFrom, json, receipt, refusal } from "./response-support/answer.ts";
import { loadSdks } from "./response-support/batches.ts";
import { bytesOf } from "./response-support/wire-form.ts";
import { letter } from "./response-support/words.ts";

loadSdks();
silenceWarnings();

function mailerAt(esp: EspName, server: RawServer) {
  return openMailer({ providers: [espNamed(esp).create(server.url.origin)], retry: { maxRounds: 1 } });
}

async function failureAfter(esp: EspName, answered: HostileAnswer): Promise<Failure> {
  const server = await serverThat(({ connection }) => void connection.stream.write(bytesOf(answered)));
  return onlyFailure(await errorOf(mailerAt(esp, server).send(letter)));
}

/** Resolves when the bytes are where the client will read them from, which has had no turn to do so. */
async function sayUnasked(server: RawServer, bytes: Buffer): Promise<void> {
  await new Promise((resolve) => server.connections[0]?.stream.write(bytes, resolve));
}

describe.each(espNames)("%s", (esp) => {
  const answers = [receipt(esp, "id-1"), refusal(esp)] as const;

  async function firstSent() {
    stopTime();
    const server = await serverThat(({ connection, number }) => {
      connection.stream.write(bytesOf(answers[number === 1 ? 0 : 1]));
    });
    const mailer = mailerAt(esp, server);
    expect((await mailer.send(letter)).providerMessageId).toBe(idFrom(esp, "id-1"));
    return { server, mailer };
  }

  it("said its receipt twice, and the next message, which it refused, was told to be accepted", async () => {
    const { server, mailer } = await firstSent();
    await sayUnasked(server, bytesOf(receipt(esp, "id-of-nobody")));

    expect(onlyFailure(await errorOf(mailer.send(letter)))).toMatchObject({ reason: "invalid", sent: "no" });
    expect(server.requests).toHaveLength(2);
    expect(server.connections).toHaveLength(2);
  });

  it("said something unasked while the connection idled, and that was used on", async () => {
    const { server, mailer } = await firstSent();
    await sayUnasked(server, Buffer.from("HTTP/1.1 200 OK\r\n"));
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));

    expect(onlyFailure(await errorOf(mailer.send(letter)))).toMatchObject({ reason: "invalid", sent: "no" });
    expect(server.connections).toHaveLength(2);
  });

  const inAnything = ["x".repeat(999), "one two", "one\ttwo"];
  const inJson = ["\u001b[2Jcleared", "one\r\ntwo", "one\u0000two", "one\u2028two", "one\u0085two", "\u202eenola"];
  it.each([...inAnything, ...(esp === "sendgrid" ? [] : inJson)])(
    "gave an id that nobody should print, and it went into the receipt: %j",
    async (id) => {
      const server = await serverThat(({ connection }) => void connection.stream.write(bytesOf(receipt(esp, id))));
      const [outcome] = await Promise.allSettled([mailerAt(esp, server).send(letter)]);

      // Mailjet gives a number beside the id, which will do.
      if (outcome.status === "fulfilled") expect(outcome.value.providerMessageId).toMatch(/^[\x21-\x7e]{1,998}$/);
      else expect(outcome.reason).toMatchObject({ kind: "unknown", sent: "maybe" });
      expect(server.requests).toHaveLength(1);
    },
  );
});

const slow: readonly (readonly [what: string, status: number, body: object])[] = [
  ["an id of nothing but @", 200, { id: `<${"@".repeat(200_000)}`, message: "Queued. Thank you." }],
  ["“domain” over and over", 400, { message: "domain ".repeat(90_000) }],
  ["“jan” over and over", 429, { message: `try again after ${"jan ".repeat(125_000)}` }],
];

it.each(slow)(
  "Mailgun said %s, and the process stood still for half a minute",
  async (_, status, body) => {
    expect(await failureAfter("mailgun", answer(status, JSON.stringify(body), [json]))).toMatchObject({ status });
  },
  10_000,
);

it.each(["Sat, 13 Sep 275760 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"])(
  "SES answered once with the date %s, and no message could be sent through it any more",
  async (date) => {
    const server = await serverThat(({ connection, number }) => {
      const dated = receipt("ses", `id-${number}`);
      connection.stream.write(
        bytesOf({ ...dated, headers: [...dated.headers, ...(number === 1 ? [["date", date] as const] : [])] }),
      );
    });
    const mailer = mailerAt("ses", server);
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await mailer.send(letter)).providerMessageId);

    expect(ids).toEqual(["id-1", "id-2", "id-3"]);
    const signed = server.requests.map(({ head }) => /^x-amz-date: (\d{4})/im.exec(head)?.[1]);
    expect(signed).toEqual(Array(3).fill(String(new Date().getUTCFullYear())));
  },
);

it.each([
  ["an escape", "\u001b[2J"],
  ["a NUL", "\u0000"],
  ["a bell", "\u0007"],
  ["a C1 line break", "\u0085"],
  ["a line separator", "\u2028"],
  ["a change of direction", "\u202e"],
  ["a vertical tab", "\u000b"],
])("an ESP's words with %s in them went into the logs as they were", async (_, odd) => {
  const words = `one${odd}two`;
  const body = JSON.stringify({ __type: `Odd${odd}Exception`, message: words });
  const { detail, code } = await failureAfter("ses", answer(400, body, [json]));

  expect(detail).toMatch(/^one.*two$/);
  expect(`${detail}${code}`).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

it.each([290, 295, 299])(
  "a subject repeated after %i characters was cut off, and its beginning shown",
  async (before) => {
    const words = `${"x".repeat(before)} ${letter.subject}`;
    const body = JSON.stringify({ errors: [{ message: words, field: null }] });
    const { detail } = await failureAfter("sendgrid", answer(400, body, [json]));

    expect(detail).toMatch(/^x{290}/);
    expect(detail).not.toContain("W");
  },
);

it.each([1_985, 19_985])("a subject repeated after %i blanks was cut off, and its beginning shown", async (before) => {
  const body = JSON.stringify({
    errors: [{ message: `It is x${" ".repeat(before)}${letter.subject}`, field: null }],
  });
  const { detail } = await failureAfter("sendgrid", answer(400, body, [json]));

  expect(detail).toMatch(/^It is x/);
  expect(detail).not.toContain("Wolf");
});

it.each(["Wolframite%20invoice%2", "Wolframite invoice&#3", "Wolframite invoice\\u00"])(
  "a subject repeated in an escape that was cut in two was not known again, and shown: %s",
  async (beginning) => {
    const before = `It is x${" ".repeat(20_000 - "It is x".length - beginning.length)}`;
    const body = JSON.stringify({ errors: [{ message: `${before}${beginning}0 and more`, field: null }] });
    const { detail } = await failureAfter("sendgrid", answer(400, body, [json]));

    expect(detail).toMatch(/^It is x/);
    expect(detail).not.toContain("Wolf");
  },
);

it("a line of the text with an address in it was repeated, and all but the address shown", async () => {
  const text = "Please write to somebody.else@example.net about the wolframite.";
  const body = JSON.stringify({ errors: [{ message: `Spam: ${text}`, field: "content" }] });
  const server = await serverThat(({ connection }) => void connection.stream.write(bytesOf(answer(400, body, [json]))));

  const { detail } = onlyFailure(await errorOf(mailerAt("sendgrid", server).send({ ...letter, text })));

  expect(detail).toBe("content: Spam: [redacted]");
});

it("Mailjet said in a 503 that it took the message, and it was told to be not sent", async () => {
  const accepted = receipt("mailjet", "id-1");
  const odd = { ...accepted, status: 503, headers: [...accepted.headers, ["retry-after", "7"] as const] };

  expect(await failureAfter("mailjet", odd)).toMatchObject({ sent: "maybe", status: 503 });
});

it.each([
  ["", ""],
  ["", "id-1"],
])("SendGrid gave two ids, “%s” and “%s”, and their list was taken for one", async (first, second) => {
  const twice = answer(202, "", [
    ["x-message-id", first],
    ["x-message-id", second],
  ]);

  expect(await failureAfter("sendgrid", twice)).toEqual(failureWith("bad-response", { status: 202 }));
});

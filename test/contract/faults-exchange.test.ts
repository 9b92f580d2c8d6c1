import { describe, expect, it, vi } from "vitest";
import { healthOf, letter, silenceWarnings } from "../mailer/support.ts";
import { espNamed } from "../providers/esps.ts";
import { serverThat, stopTime } from "../wire/harness.ts";
import type { Answer, Received } from "../wire/raw-server.ts";
import { espNames, openMailer } from "./support/esps.ts";
import { adapterAt, bytesOf, next, onNext } from "./support/fault-servers.ts";
import { errorOf, failureWith, type JudgedReason, onlyFailure } from "./support/verdicts.ts";

silenceWarnings();

interface Row {
  readonly what: string;
  readonly reason: JudgedReason;
  readonly code?: string | RegExp;
  readonly status?: number;
  /** What the server does with a request that came in whole. `headSeen`: the client has read the head of the answer. */
  readonly fault: (request: Received, headSeen: Promise<void>) => void;
  /** What the time limit comes after. */
  readonly limitAfter?: "request" | "head" | "drops of the body";
}

const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";

/** Sends these bytes, and then nothing more. */
const says =
  (bytes: string): Answer =>
  ({ connection }) =>
    void connection.stream.write(bytes);

/** Sends these bytes, and then the end of the connection. */
const ends =
  (bytes = ""): Answer =>
  ({ connection }) =>
    void connection.stream.end(bytes);

const lost = { reason: "response-lost", code: "ECONNRESET" } as const;
const late = { reason: "timeout", code: "ETIMEDOUT" } as const;
const notHttp = { reason: "bad-response", code: /^HPE_/ } as const;

const rows: readonly Row[] = [
  { what: "a reset", ...lost, fault: ({ connection }) => connection.reset() },
  { what: "the end of the connection", ...lost, fault: ends() },
  { what: "an answer cut off in its status line", ...lost, fault: ends("HTTP/1.1 20") },
  { what: "an answer cut off in its headers", ...lost, fault: ends("HTTP/1.1 200 OK\r\ncontent-le") },
  { what: "an answer cut off before its body", ...lost, status: 200, fault: ends(head) },
  { what: "an answer cut off in its body", ...lost, status: 200, fault: ends(`${head}{"MessageId":"`) },
  {
    what: "a chunked answer cut off",
    ...lost,
    status: 202,
    fault: ends("HTTP/1.1 202 Accepted\r\nx-message-id: id-1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"),
  },
  {
    what: "a reset in the body of the answer",
    ...lost,
    status: 200,
    fault: ({ connection }, headSeen) => {
      connection.stream.write(`${head}half`);
      void headSeen.then(() => connection.reset());
    },
  },
  { what: "no answer", ...late, limitAfter: "request", fault: () => {} },
  { what: "an interim answer alone", ...late, limitAfter: "request", fault: says("HTTP/1.1 102 Processing\r\n\r\n") },
  { what: "a head that stalls", ...late, limitAfter: "request", fault: says("HTTP/1.1 200 OK\r\ncontent-ty") },
  { what: "a body that stalls", ...late, status: 200, limitAfter: "head", fault: says(`${head}half`) },
  { what: "a body that drips", ...late, status: 200, limitAfter: "drops of the body", fault: says(head) },
  { what: "the greeting of a mail server", ...notHttp, fault: says("220 smtp.example.com ESMTP\r\n") },
  { what: "HTML without any HTTP", ...notHttp, fault: ends("<html><body>Bad gateway</body></html>") },
  { what: "TLS where plain HTTP was asked for", ...notHttp, fault: ends("\x15\x03\x01\x00\x02\x02\x50") },
  {
    what: "a broken chunk",
    ...notHttp,
    status: 200,
    fault: says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot hexadecimal\r\n"),
  },
  {
    what: "a switch to another protocol",
    reason: "bad-response",
    status: 101,
    fault: says("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
  },
  {
    what: "an answer of more than 1 MB",
    reason: "bad-response",
    status: 200,
    fault: says(`HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n${"x".repeat(2_000_000)}`),
  },
];

const limit = 10_000;

/** Time passes while drops of the answer's body come in, so that there is never a long silence. */
async function drip({ connection }: Received): Promise<void> {
  for (let passed = 0; passed < limit; passed += limit / 20) {
    connection.stream.write("x");
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(limit / 20);
  }
}

describe.each(espNames)("%s", (name) => {
  const accept: Answer = ({ connection }) => void connection.stream.write(bytesOf(espNamed(name).accept("id-1")));

  describe.each(["a new", "a used"])("on %s connection", (connection) => {
    const used = connection === "a used";
    const number = used ? 2 : 1;

    it.each(rows)("$what: $reason, and may have been sent", async ({ reason, code, status, fault, limitAfter }) => {
      stopTime();
      let headSeen = Promise.resolve();
      const server = await serverThat((request) => {
        if (request.number < number) return accept(request);
        headSeen = next("http.client.response.finish");
        fault(request, headSeen);
      });
      const mailer = openMailer({ providers: [adapterAt(name, { baseUrl: server.url.origin })], timeout: limit });
      if (used) await mailer.send(letter);

      const sending = errorOf(mailer.send(letter));
      if (limitAfter) {
        await server.until(() => server.requests.length === number);
        if (limitAfter !== "request") await headSeen;
        const last = server.requests.at(-1);
        if (last && limitAfter === "drops of the body") await drip(last);
        else await vi.advanceTimersByTimeAsync(limit);
      }

      expect(onlyFailure(await sending)).toEqual(
        failureWith(reason, {
          ...(code === undefined ? {} : { code: expect.stringMatching(code) }),
          ...(status === undefined ? {} : { status }),
        }),
      );
      expect(server.requests).toHaveLength(number);
      expect(server.connections).toHaveLength(1);
      await server.until(() => server.open === 0);
    });
  });

  it.each(["the end of the connection", "a reset"])(
    "a used connection that the server has just closed, with %s: response-lost, may have been sent, and neutral",
    async (how) => {
      stopTime();
      const server = await serverThat(accept);
      const mailer = openMailer({ providers: [adapterAt(name, { baseUrl: server.url.origin })] });
      await mailer.send(letter);

      // At the moment when the client has written its request: it cannot have known, and the server never reads it.
      onNext("http.client.request.start", () => {
        if (how === "a reset") server.connections[0]?.reset();
        else server.tcp[0]?.destroy();
      });
      const failure = onlyFailure(await errorOf(mailer.send(letter)));

      expect(failure).toEqual(failureWith("response-lost", { code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) }));
      expect(server.requests).toHaveLength(1);
      expect(server.connections).toHaveLength(1);
      expect(healthOf(mailer, name)).toMatchObject({ state: "healthy", failureRate: 0 });
      expect((await mailer.send(letter)).attempts).toHaveLength(1);
      expect(server.connections).toHaveLength(2);
    },
  );

  it("a used connection of which the client knows that the server closed it is not used again", async () => {
    stopTime();
    const server = await serverThat(accept);
    const mailer = openMailer({ providers: [adapterAt(name, { baseUrl: server.url.origin })] });
    await mailer.send(letter);
    server.connections[0]?.stream.end();
    await server.until(() => server.open === 0);

    const receipt = await mailer.send(letter);

    expect(receipt).toMatchObject({ duplicate: "no", attempts: [{ outcome: "accepted" }] });
    expect(server.requests).toHaveLength(2);
    expect(server.connections).toHaveLength(2);
  });

  it("a receipt that comes in time stands, although a reset follows it at once", async () => {
    stopTime();
    const receipt = bytesOf(espNamed(name).accept("id-1"));
    const server = await serverThat(({ connection }) => {
      void next("http.client.response.finish").then(() => connection.reset());
      connection.stream.write(receipt);
    });
    const mailer = openMailer({ providers: [adapterAt(name, { baseUrl: server.url.origin })] });

    const { providerMessageId } = await mailer.send(letter);

    expect(providerMessageId).toBe(espNamed(name).accepted);
    expect(server.requests).toHaveLength(1);
  });
});

import net from "node:net";
import { describe, expect, it, vi } from "vitest";
import { errorOf, expectNothingLeft, Limits, post, serverThat, stopTime, wire } from "./harness.ts";
import { type Answer, answerOk, ok, schemes } from "./raw-server.ts";

interface Row {
  readonly what: string;
  readonly fault: Answer;
  readonly reason: "response-lost" | "timeout" | "bad-response";
  readonly code?: string | RegExp;
  readonly status?: number;
  /** When the time limit is to pass: after the request was taken, or after the answer began. */
  readonly limitPasses?: "requesting" | "responding";
}

const head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
const says =
  (...parts: string[]): Answer =>
  ({ connection }) => {
    for (const part of parts) connection.stream.write(part);
  };
const ends =
  (...parts: string[]): Answer =>
  ({ connection }) =>
    void connection.stream.end(parts.join(""));

const rows: readonly Row[] = [
  {
    what: "a reset before any answer",
    fault: ({ connection }) => connection.reset(),
    reason: "response-lost",
    code: "ECONNRESET",
  },
  { what: "the end of the connection before any answer", fault: ends(), reason: "response-lost", code: "ECONNRESET" },
  {
    what: "an answer cut off in its status line",
    fault: ends("HTTP/1.1 20"),
    reason: "response-lost",
    code: "ECONNRESET",
  },
  {
    what: "an answer cut off in its headers",
    fault: ends("HTTP/1.1 200 OK\r\ncontent-le"),
    reason: "response-lost",
    code: "ECONNRESET",
  },
  {
    what: "an answer cut off in its body",
    fault: ends(head, "half"),
    reason: "response-lost",
    code: "ECONNRESET",
    status: 200,
  },
  {
    what: "an answer without any of its body",
    fault: ends(head),
    reason: "response-lost",
    code: "ECONNRESET",
    status: 200,
  },
  {
    what: "a chunked answer cut off",
    fault: ends("HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    reason: "response-lost",
    code: "ECONNRESET",
    status: 202,
  },
  {
    what: "a reset in the body of an answer",
    fault: ({ connection }) => connection.stream.write(`${head}half`, () => connection.reset()),
    reason: "response-lost",
    code: "ECONNRESET",
  },
  { what: "no answer in time", fault: () => {}, limitPasses: "requesting", reason: "timeout", code: "ETIMEDOUT" },
  {
    what: "a stalled body",
    fault: says(head, "half"),
    limitPasses: "responding",
    reason: "timeout",
    code: "ETIMEDOUT",
    status: 200,
  },
  {
    what: "nothing but an interim answer in time",
    fault: says("HTTP/1.1 102 Processing\r\n\r\n"),
    limitPasses: "requesting",
    reason: "timeout",
    code: "ETIMEDOUT",
  },
  {
    what: "bytes that are not HTTP",
    fault: says("220 mail.example.com ESMTP\r\n"),
    reason: "bad-response",
    code: /^HPE_/,
  },
  {
    what: "an HTML page without any HTTP",
    fault: ends("<html>Bad gateway</html>"),
    reason: "bad-response",
    code: /^HPE_/,
  },
  {
    what: "a chunk without a length",
    fault: says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "not hexadecimal\r\n"),
    reason: "bad-response",
    code: /^HPE_/,
  },
  {
    what: "headers without end",
    fault: says(`HTTP/1.1 200 OK\r\nx-filler: ${"x".repeat(100_000)}`),
    reason: "bad-response",
    code: "HPE_HEADER_OVERFLOW",
  },
  {
    what: "an answer of more than 1 MB",
    fault: says(`HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n${"x".repeat(2_000_000)}`),
    reason: "bad-response",
    status: 200,
  },
  {
    what: "a switch to another protocol",
    fault: says("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
    reason: "bad-response",
    status: 101,
  },
];

describe.each(schemes)("over %s", (scheme) => {
  describe.each([false, true])("on a connection that was used before: %s", (reused) => {
    it.each(rows)("$what is $reason and may have been sent", async ({ fault, reason, code, status, limitPasses }) => {
      stopTime();
      const esp = await serverThat(
        (request) => (reused && request.number === 1 ? answerOk(request) : fault(request)),
        scheme,
      );
      const client = wire(scheme);
      if (reused) await client.request(post(esp.url), new Limits());

      const limits = new Limits();
      const outcome = errorOf(client.request(post(esp.url), limits));
      if (limitPasses) {
        await esp.until(() => esp.requests.length === (reused ? 2 : 1));
        await limits.reached(limitPasses);
        vi.advanceTimersByTime(4_999);
        expect(limits.listeners).toBe(1);
        vi.advanceTimersByTime(1);
      }
      const error = await outcome;

      expect(error.failure).toMatchObject({ reason, sent: "maybe", scope: "provider" });
      if (code) expect(error.failure.code).toMatch(code);
      if (status) expect(error.failure.status).toBe(status);
      expect(error.reusedConnection).toBe(reused);
      expect(esp.connections).toHaveLength(1);
      expectNothingLeft(limits);
      await esp.until(() => esp.open === 0);
    });

    it("a body that drips is cut off at the time limit", async () => {
      stopTime();
      const esp = await serverThat((request) => {
        if (reused && request.number === 1) answerOk(request);
        else request.connection.stream.write(head);
      }, scheme);
      const client = wire(scheme);
      if (reused) await client.request(post(esp.url), new Limits());

      const limits = new Limits();
      const outcome = errorOf(client.request(post(esp.url), limits));
      await limits.reached("responding");
      for (let passed = 0; passed < 5_000; passed += 500) {
        esp.connections[0]?.stream.write("x");
        await new Promise((resolve) => setImmediate(resolve));
        vi.advanceTimersByTime(500);
      }

      expect((await outcome).failure).toMatchObject({ reason: "timeout", sent: "maybe", status: 200 });
      expectNothingLeft(limits);
      await esp.until(() => esp.open === 0);
    });
  });

  it.each(["end", "reset"] as const)(
    "a kept connection that the server has just closed (%s) is not written to: the request goes out on a new one",
    async (how) => {
      const esp = await serverThat(answerOk, scheme);
      const client = wire(scheme);
      await client.request(post(esp.url), new Limits());
      // In the same turn of the event loop: the client cannot have seen it.
      if (how === "end") esp.tcp[0]?.destroy();
      else esp.connections[0]?.reset();

      expect(await client.request(post(esp.url), new Limits())).toMatchObject({ status: 200 });
      expect(esp.requests).toHaveLength(2);
    },
  );

  it("a kept connection whose end was seen is not used again", async () => {
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    await client.request(post(esp.url), new Limits());
    esp.connections[0]?.stream.end();
    await esp.until(() => esp.open === 0);

    const response = await client.request(post(esp.url), new Limits());

    expect(response.status).toBe(200);
    expect(esp.connections).toHaveLength(2);
  });
});

describe("what an error says", () => {
  it("names the host and nothing of the request", async () => {
    const esp = await serverThat(({ connection }) => connection.reset());
    const url = new URL("/v3/CANARY-PATH?key=CANARY-QUERY", esp.url);
    url.username = "CANARY-USER";
    url.password = "CANARY-PASSWORD";
    const request = { ...post(url, "CANARY-BODY"), headers: { authorization: "Bearer CANARY-TOKEN" } };

    const error = await errorOf(wire().request(request, new Limits()));

    expect(error.failure.detail).toContain(`127.0.0.1:${esp.port}`);
    expect([error.message, error.stack, JSON.stringify(error)].join()).not.toContain("CANARY");
    expect(esp.requests[0]?.head).not.toMatch(/CANARY-(USER|PASSWORD)|basic/i);
  });
});

describe("an answer that is complete", () => {
  it.each([
    ["bytes after it", `${ok}more`],
    ["a second answer after it", `${ok}${ok}`],
    ["a body where none may be", "HTTP/1.1 204 No Content\r\n\r\n{}"],
  ])("stands, whatever follows: %s", async (_, bytes) => {
    const esp = await serverThat(({ connection }) => void connection.stream.write(bytes));
    const client = wire();

    const response = await client.request(post(esp.url), new Limits());

    expect([200, 204]).toContain(response.status);
    expect(Buffer.from(response.body).toString()).toBe(response.status === 200 ? "ok" : "");
    await esp.until(() => esp.open === 0);
  });

  it("stands when a reset follows it at once", async () => {
    const esp = await serverThat(({ connection }) => void connection.stream.write(ok, () => connection.reset()));

    const response = await wire().request(post(esp.url), new Limits());

    expect(response.status).toBe(200);
  });

  it("is read although the time limit passed while the process was held up", async () => {
    const esp = await serverThat(() => {});
    const limits = new Limits({ timeout: 50 });
    const outcome = wire().request(post(esp.url), limits);
    await esp.until(() => esp.requests.length === 1);
    esp.connections[0]?.stream.write(ok);
    // Blocks the only thread past the limit: both the timer and the answer are due at the next turn.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);

    expect((await outcome).status).toBe(200);
  });
});

it("a server that nobody listens at any more is refused, not hung", async () => {
  const closed = net.createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const address = closed.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await new Promise((resolve) => closed.close(resolve));

  const limits = new Limits();
  const error = await errorOf(wire().request(post(new URL(`http://127.0.0.1:${port}/`)), limits));

  expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ECONNREFUSED" });
  expect(limits.phases).toEqual([]);
  expect(limits.listeners).toBe(0);
});

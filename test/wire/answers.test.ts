import { describe, expect, it } from "vitest";
import { errorOf, Limits, post, server, serverThat, text, wire } from "./harness.ts";
import { type Answer, answerOk, ok, schemes } from "./raw-server.ts";

const says =
  (answer: string): Answer =>
  ({ connection }) =>
    void connection.stream.write(answer);

describe.each(schemes)("an answer over %s", (scheme) => {
  it.each([200, 202, 204, 301, 302, 304, 307, 400, 401, 413, 429, 500, 503])(
    "with status %i is an answer, and no redirect is followed",
    async (status) => {
      const esp = await serverThat(
        says(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\nlocation: /other\r\n\r\n`),
        scheme,
      );
      const client = wire(scheme);

      const response = await client.request(post(esp.url), new Limits());
      await client.request(post(esp.url), new Limits());

      expect(response).toEqual({
        status,
        headers: { "content-length": "0", location: "/other" },
        body: Buffer.alloc(0),
      });
      expect(esp.requests).toHaveLength(2);
      expect(esp.connections).toHaveLength(1);
    },
  );

  it("after interim answers is the final one", async () => {
    const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    const esp = await serverThat(says(interim + ok), scheme);

    const response = await wire(scheme).request(post(esp.url), new Limits());

    expect(response).toMatchObject({ status: 200, headers: { "content-length": "2" } });
    expect(text(response)).toBe("ok");
  });

  it("in chunks is put together", async () => {
    const esp = await serverThat(
      says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
      scheme,
    );

    expect(text(await wire(scheme).request(post(esp.url), new Limits()))).toBe("abcde");
  });

  it("that ends with the connection is whole, and the connection not used again", async () => {
    const esp = await serverThat(({ connection }) => void connection.stream.end("HTTP/1.0 200 OK\r\n\r\nall"), scheme);
    const client = wire(scheme);

    expect(text(await client.request(post(esp.url), new Limits()))).toBe("all");
    expect(text(await client.request(post(esp.url), new Limits()))).toBe("all");
    expect(esp.connections).toHaveLength(2);
  });

  it("of 1 MB is taken whole", async () => {
    const body = "é".repeat(524_288);
    const esp = await serverThat(says(`HTTP/1.1 200 OK\r\ncontent-length: 1048576\r\n\r\n${body}`), scheme);

    expect(text(await wire(scheme).request(post(esp.url), new Limits())) === body).toBe(true);
  });

  it("before the upload has ended is the answer, though the server closes at once", async () => {
    const answer = "HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 9\r\n\r\ntoo large";
    const esp = await server({ scheme, onReady: ({ stream }) => void stream.once("data", () => stream.end(answer)) });
    const limits = new Limits();

    const response = await wire(scheme).request(post(esp.url, Buffer.alloc(10_000_000)), limits);

    expect(response.status).toBe(413);
    expect(text(response)).toBe("too large");
    expect(limits.listeners).toBe(0);
  });

  it("before the upload has ended leaves no connection behind, though the server keeps it and reads no more", async () => {
    const answer = "HTTP/1.1 413 Too Large\r\ncontent-length: 9\r\n\r\ntoo large";
    const esp = await server({
      scheme,
      onReady: ({ stream }) =>
        void stream.once("data", () => {
          stream.pause();
          stream.write(answer);
        }),
    });
    const client = wire(scheme);

    expect((await client.request(post(esp.url, Buffer.alloc(10_000_000)), new Limits())).status).toBe(413);
    for (const { stream } of esp.connections) stream.resume();
    await esp.until(() => esp.open === 0);
    expect((await client.request(post(esp.url, "small"), new Limits())).status).toBe(413);
    expect(esp.connections).toHaveLength(2);
  });
});

describe("headers of an answer", () => {
  it("have lower-case names, and repeated ones are joined", async () => {
    const esp = await serverThat(
      says(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Message-Id: a1\r\nRetry-After: 1\r\nRetry-After: 2\r\n" +
          "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n__proto__: odd\r\n\r\n",
      ),
    );
    const { headers } = await wire().request(post(esp.url), new Limits());

    expect(Object.entries(headers)).toEqual([
      ["content-length", "0"],
      ["x-message-id", "a1"],
      ["retry-after", "1, 2"],
      ["set-cookie", "a=1, b=2"],
      ["__proto__", "odd"],
    ]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });

  it("that announce compression are handed over as they are, with the bytes", async () => {
    const esp = await serverThat(says("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"));
    const response = await wire().request(post(esp.url), new Limits());

    expect(response.headers["content-encoding"]).toBe("gzip");
    expect(text(response)).toBe("abc");
  });
});

describe("a request", () => {
  it("carries its headers and body as they are, and says how long it is", async () => {
    const esp = await serverThat(answerOk);
    const url = new URL("/v3/send?a=1&b=%20", esp.url);
    await wire().request(
      { method: "PUT", url, headers: { "X-One": "1", Host: "esp.test" }, body: "größe" },
      new Limits(),
    );

    const [first, ...headers] = esp.requests[0]?.head.split("\r\n") ?? [];
    expect(first).toBe("PUT /v3/send?a=1&b=%20 HTTP/1.1");
    expect(headers.sort()).toEqual([
      "Connection: keep-alive",
      "Host: esp.test",
      "X-One: 1",
      "accept-encoding: identity",
      "content-length: 7",
    ]);
    expect(esp.requests[0]?.body.toString()).toBe("größe");
  });

  it("is framed by the wire, whatever headers the SDK has put there", async () => {
    const esp = await serverThat(answerOk);
    const headers = {
      "Content-Length": "9999",
      "Transfer-Encoding": "chunked",
      Connection: "close",
      Expect: "100-continue",
      "Accept-Encoding": "gzip, br",
    };
    const client = wire();
    await client.request({ method: "POST", url: esp.url, headers, body: "body" }, new Limits());
    await client.request({ method: "POST", url: esp.url, headers, body: "" }, new Limits());
    await client.request({ method: "GET", url: esp.url, headers, body: "" }, new Limits());

    const heads = esp.requests.map(({ head }) => head.toLowerCase());
    expect(heads).toHaveLength(3);
    expect(heads[0]).toContain("content-length: 4");
    expect(heads[1]).toContain("content-length: 0");
    expect(heads[2]).not.toContain("content-length");
    expect(heads.join()).not.toMatch(/transfer-encoding|expect|gzip|connection: close/);
    expect(esp.connections).toHaveLength(1);
  });

  it.each(schemes)("of 10 MB arrives whole over %s", async (scheme) => {
    const esp = await serverThat(answerOk, scheme);
    const body = Buffer.alloc(10_485_760, "0123456789abcdef-");

    const response = await wire(scheme).request(post(esp.url, body), new Limits({ timeout: 20_000 }));

    expect(response.status).toBe(200);
    expect(esp.requests[0]?.body.equals(body)).toBe(true);
  });

  it("without a body gets an answer without a body", async () => {
    const esp = await serverThat(says("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"));
    const client = wire();
    const head = { method: "HEAD", url: esp.url, headers: {}, body: "" };

    expect((await client.request(head, new Limits())).body).toHaveLength(0);
    expect((await client.request(head, new Limits())).headers["content-length"]).toBe("500");
    expect(esp.connections).toHaveLength(1);
  });

  it.each(schemes)("goes to an IPv6 address over %s", async (scheme) => {
    const esp = await server({ scheme, host: "::1", answer: answerOk });
    const response = await wire(scheme).request(post(esp.url), new Limits());

    expect(response.status).toBe(200);
    expect(esp.requests[0]?.head).toContain(`Host: [::1]:${esp.port}`);
  });

  it("with a line break in a header's value is not sent, and the error names the header alone", async () => {
    const esp = await serverThat(answerOk);
    const limits = new Limits();
    const request = { ...post(esp.url), headers: { "x-fine": "1", authorization: "Bearer CANARY\n" } };
    const error = await errorOf(wire().request(request, limits));

    expect(error.failure).toMatchObject({ reason: "internal", scope: "none", sent: "no", code: "ERR_INVALID_CHAR" });
    expect(error.failure.detail).toContain('"authorization"');
    expect(error.message).not.toContain("CANARY");
    expect(esp.tcp).toHaveLength(0);
    expect(limits.listeners).toBe(0);
  });

  it("for a tunnel, which Node drops without a word, is lost and not hung", async () => {
    const esp = await serverThat(says("HTTP/1.1 200 OK\r\n\r\n"));
    const error = await errorOf(wire().request({ ...post(esp.url), method: "CONNECT" }, new Limits()));

    expect(error.failure).toMatchObject({ reason: "response-lost", sent: "maybe" });
    await esp.until(() => esp.open === 0);
  });

  it("with a header's name or a method that HTTP does not allow is not sent", async () => {
    const esp = await serverThat(answerOk);
    for (const odd of [{ headers: { "x y": "1" } }, { method: "PO ST" }]) {
      const error = await errorOf(wire().request({ ...post(esp.url), ...odd }, new Limits()));
      expect(error.failure).toMatchObject({ reason: "internal", sent: "no", code: "ERR_INVALID_HTTP_TOKEN" });
    }
    expect(esp.tcp).toHaveLength(0);
  });
});

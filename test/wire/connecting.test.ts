import { EventEmitter, once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createWire } from "../../src/wire/client.ts";
import { errorOf, expectNothingLeft, Limits, post, server, serverThat, stopTime, wire } from "./harness.ts";
import { agentFor, answerOk, cert, type Scheme, schemes } from "./raw-server.ts";

async function unusedPort(): Promise<number> {
  const probe = await server();
  const { port } = probe;
  await probe.close();
  return port;
}

/** A port whose queue of connections is full, so that a further one is neither taken nor refused. */
async function portThatNeverConnects(): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  onTestFinished(async () => void (await worker.terminate()));
  const [port]: number[] = await once(worker, "message");
  if (port === undefined) throw new Error("no port");
  for (let i = 0; i < 2; i++) {
    const filler = net.connect(port, "127.0.0.1");
    onTestFinished(() => void filler.destroy());
    await once(filler, "connect");
  }
  return port;
}

type Handover = (error: Error | null, stream: Duplex) => void;

const at = (scheme: Scheme, port: number, host = "127.0.0.1") => new URL(`${scheme}://${host}:${port}/send`);

/** Calls the resolver of the agent's sockets instead of DNS. */
function agentWithLookup(lookup: net.LookupFunction): http.Agent {
  return agentFor("https", { lookup });
}

describe.each(schemes)("no connection over %s", (scheme) => {
  it("a refused one is unreachable and not sent", async () => {
    const limits = new Limits();
    const error = await errorOf(wire(scheme).request(post(at(scheme, await unusedPort())), limits));

    expect(error.failure).toMatchObject({ reason: "unreachable", scope: "provider", sent: "no", code: "ECONNREFUSED" });
    expect(error.reusedConnection).toBe(false);
    expect(limits.phases).toEqual([]);
    expect(limits.listeners).toBe(0);
  });

  it("one refused at every address of a name is unreachable, with the code of the addresses", async () => {
    const lookup: net.LookupFunction = (_host, _options, done) => {
      done(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ]);
    };
    const agent = agentFor(scheme, { lookup });
    const url = at(scheme, await unusedPort(), "localhost");
    const error = await errorOf(wire(scheme, { agent }).request(post(url), new Limits()));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ECONNREFUSED" });
  });

  it("one that is never made is unreachable at the time limit", async () => {
    stopTime();
    const port = await portThatNeverConnects();
    const limits = new Limits();
    const outcome = errorOf(wire(scheme).request(post(at(scheme, port)), limits));
    vi.advanceTimersByTime(5_000);

    expect((await outcome).failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ETIMEDOUT" });
    expect(limits.phases).toEqual([]);
    expectNothingLeft(limits);
  });

  it("one that is never made is given up on abort, with nothing sent", async () => {
    const port = await portThatNeverConnects();
    const limits = new Limits();
    const outcome = errorOf(wire(scheme).request(post(at(scheme, port)), limits));
    limits.controller.abort();

    expect((await outcome).failure).toMatchObject({ reason: "aborted", scope: "none", sent: "no" });
    expect(limits.listeners).toBe(0);
  });

  it("one that is reset as soon as it is made is told as the phase proves", async () => {
    const esp = await server({ scheme, onTcp: (socket) => void socket.resetAndDestroy() });
    const limits = new Limits();
    const { failure } = await errorOf(wire(scheme).request(post(esp.url), limits));

    const began = limits.phases.length > 0;
    expect(failure.sent).toBe(began ? "maybe" : "no");
    expect(failure.reason).toBe(began ? "response-lost" : "unreachable");
    if (scheme === "https") expect(began).toBe(false);
  });
});

describe("no name", () => {
  it("a name that does not exist is unreachable and not sent", async () => {
    const agent = agentWithLookup((_host, _options, done) => {
      done(Object.assign(new Error("getaddrinfo ENOTFOUND esp.test"), { code: "ENOTFOUND" }), "", 4);
    });
    const error = await errorOf(wire("https", { agent }).request(post(at("https", 443, "esp.test")), new Limits()));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ENOTFOUND" });
    expect(error.failure.detail).toContain("esp.test");
  });

  it("a resolver that never answers is unreachable at the time limit", async () => {
    stopTime();
    const agent = agentWithLookup(() => {});
    const limits = new Limits();
    const outcome = errorOf(wire("https", { agent }).request(post(at("https", 443, "esp.test")), limits));
    vi.advanceTimersByTime(5_000);

    expect((await outcome).failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ETIMEDOUT" });
    expectNothingLeft(limits);
  });
});

describe("no TLS", () => {
  it.each<[string, (socket: net.Socket) => void]>([
    ["a server that closes in the handshake", (socket) => void socket.once("data", () => socket.end())],
    ["a server that resets in the handshake", (socket) => void socket.once("data", () => socket.resetAndDestroy())],
    ["a server that does not speak TLS", (socket) => void socket.write("220 mail.example.com ESMTP\r\n")],
    ["a server that closes at once", (socket) => void socket.end()],
  ])("%s is unreachable and not sent", async (_, onTcp) => {
    const esp = await server({ scheme: "https", onTcp });
    const limits = new Limits();
    const error = await errorOf(wire("https").request(post(esp.url), limits));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code: expect.any(String) });
    expect(limits.phases).toEqual([]);
  });

  it("a handshake that is never answered is unreachable at the time limit", async () => {
    stopTime();
    const hello = new EventEmitter();
    const said = once(hello, "client hello");
    const esp = await server({
      scheme: "https",
      onTcp: (socket) => void socket.once("data", () => hello.emit("client hello")),
    });
    const limits = new Limits();
    const outcome = errorOf(wire("https").request(post(esp.url), limits));
    await said;
    vi.advanceTimersByTime(5_000);

    expect((await outcome).failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ETIMEDOUT" });
    expectNothingLeft(limits);
    await esp.until(() => esp.open === 0);
  });

  it("an abort during the handshake sends nothing", async () => {
    const esp = await server({ scheme: "https", onTcp: () => {} });
    const limits = new Limits();
    const outcome = errorOf(wire("https").request(post(esp.url), limits));
    await esp.until(() => esp.tcp.length === 1);
    limits.controller.abort(new Error("gave up"));

    expect((await outcome).failure).toMatchObject({ reason: "aborted", sent: "no" });
    await esp.until(() => esp.open === 0);
  });
});

describe("an agent of the user's", () => {
  it("that hands over a connection which is closed already makes the host unreachable, with nothing sent", async () => {
    const esp = await serverThat(answerOk);
    class ClosedAgent extends http.Agent {
      override createConnection(_: http.ClientRequestArgs, done?: Handover): undefined {
        const socket = net.connect(esp.port, "127.0.0.1", () => done?.(null, socket.destroy()));
      }
    }
    const limits = new Limits();
    const error = await errorOf(createWire({ agent: new ClosedAgent() }).request(post(esp.url), limits));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no" });
    expect(limits.phases).toEqual([]);
  });

  it("may hand over a connection that is ready already", async () => {
    const esp = await serverThat(answerOk, "https");
    class ReadyAgent extends https.Agent {
      override createConnection(_: https.RequestOptions, done?: Handover): undefined {
        const socket = tls.connect({ port: esp.port, host: "127.0.0.1", ca: cert }, () => done?.(null, socket));
      }
    }
    const limits = new Limits();
    const response = await createWire({ agent: new ReadyAgent() }).request(post(esp.url), limits);

    expect(response.status).toBe(200);
    expect(limits.phases).toEqual(["requesting", "responding"]);
  });

  it("may go through a proxy, whose refusal is unreachable and not sent", async () => {
    let refuse = false;
    const esp = await serverThat(answerOk, "https");
    const proxy = http.createServer();
    proxy.on("connect", (_, client) => {
      if (refuse) {
        client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        return;
      }
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      const upstream = net.connect(esp.port, "127.0.0.1");
      upstream.pipe(client).pipe(upstream);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void proxy.close());
    const agent = new ProxyAgent(proxy);
    const client = createWire({ agent });

    const response = await client.request(post(new URL("https://esp.test/send")), new Limits());
    expect(response.status).toBe(200);
    expect(esp.requests[0]?.head).toMatch(/^host: esp\.test$/im);

    refuse = true;
    const limits = new Limits();
    const error = await errorOf(client.request(post(new URL("https://esp.test/send")), limits));
    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no" });
    expect(JSON.stringify(error.failure)).not.toContain("CANARY");
    expect(limits.phases).toEqual([]);
  });

  it.each([
    ["its code", { code: "ERR_PROXY_GONE" }, "ERR_PROXY_GONE"],
    ["that it gave no code", {}, "the agent gave no code"],
    ["nothing that only stands in place of a code", { code: "CANARY of user:pass" }, "the agent gave no code"],
  ])(
    "that throws fails the request alone, with nothing sent, and with %s but none of its words",
    async (_, extras, why) => {
      class BrokenAgent extends http.Agent {
        override createConnection(): never {
          throw Object.assign(new Error("CANARY"), extras);
        }
      }
      const limits = new Limits();
      const error = await errorOf(
        createWire({ agent: new BrokenAgent() }).request(post(new URL("http://127.0.0.1:9/")), limits),
      );

      expect(error.failure).toMatchObject({ reason: "internal", scope: "none", sent: "no" });
      expect(error.failure.detail).toBe(`the request to 127.0.0.1:9 could not be made: ${why}`);
      expect(error.message).not.toContain("CANARY");
      expect(limits.listeners).toBe(0);
    },
  );

  it("for another protocol is refused with words that say so", async () => {
    const agent = new http.Agent();
    const error = await errorOf(createWire({ agent }).request(post(new URL("https://esp.test/")), new Limits()));

    expect(error.failure).toMatchObject({ reason: "internal", sent: "no", code: "ERR_INVALID_PROTOCOL" });
    expect(error.failure.detail).toContain("agent");
  });
});

/** With an odd code too, since agents may put anything there. */
const refusal = (status: number | undefined): Error =>
  Object.assign(new Error(`CANARY: the proxy answered ${status}`), { code: "CANARY of user:pass" });

/** As the known proxy agents do it: CONNECT, then TLS over that connection, handed over in the middle of its handshake. */
class ProxyAgent extends https.Agent {
  readonly #proxy: http.Server;

  constructor(proxy: http.Server) {
    super();
    this.#proxy = proxy;
  }

  override createConnection(_: https.RequestOptions, done?: Handover): undefined {
    const address = this.#proxy.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const connect = http.request({ port, host: "127.0.0.1", method: "CONNECT", path: "esp.test:443", agent: false });
    connect.on("connect", (answer, socket) => {
      if (answer.statusCode !== 200) done?.(refusal(answer.statusCode), socket);
      else if (socket instanceof net.Socket) done?.(null, tls.connect({ socket, ca: cert, servername: "esp.test" }));
    });
    connect.end();
  }
}

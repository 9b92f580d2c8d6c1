import { readFileSync } from "node:fs";
import net from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type EspName, type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange, until } from "./http-client.ts";
import { sendgridRequest, validRequest } from "./valid-requests.ts";

const fixture = (name: string) => readFileSync(new URL(`../wire/fixtures/${name}`, import.meta.url), "utf8");
const tls = { key: fixture("key.pem"), cert: fixture("cert.pem") };

const open: Simulator[] = [];
afterEach(() => Promise.all(open.splice(0).map((esp) => esp.close())));

async function start(options: Parameters<typeof startSimulator<"sendgrid">>[1] = {}): Promise<Simulator<"sendgrid">> {
  const esp = await startSimulator("sendgrid", options);
  open.push(esp);
  return esp;
}

function send(esp: Simulator<"sendgrid">) {
  return exchange(esp.url, sendgridRequest(esp.options));
}

/** Speaks to the port byte by byte; resolves with what came back when the connection ends. */
function speak(esp: Simulator, ...chunks: readonly string[]): { socket: net.Socket; heard: Promise<string> } {
  const socket = net.connect(Number(new URL(esp.url).port), "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  for (const chunk of chunks) socket.write(chunk);
  const heard = new Promise<string>((resolve) => socket.on("error", () => {}).once("close", () => resolve(text)));
  return { socket, heard };
}

describe("starting a simulator", () => {
  it("gives the adapter's options, with credentials of its own", async () => {
    const [one, other] = [await start(), await start()];
    expect(one).toMatchObject({ esp: "sendgrid", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    expect(one.options).toEqual({ apiKey: expect.stringMatching(/^SG\.[\w-]{22}\.[\w-]{43}$/), baseUrl: one.url });
    expect(other.options.apiKey).not.toBe(one.options.apiKey);
    expect(await exchange(one.url, sendgridRequest(other.options))).toMatchObject({ status: 401 });
  });

  it("takes the account that it is given", async () => {
    const account = { apiKey: "key", domain: "mail.example.net" };
    await using esp = await startSimulator("mailgun", { account });
    expect(esp.options).toEqual({ ...account, baseUrl: esp.url });
    expect(await exchange(esp.url, await validRequest.mailgun(esp.options))).toMatchObject({ status: 200 });
  });

  it("refuses an ESP that it does not know, and lists those that it knows", async () => {
    const unknown = Reflect.apply(startSimulator<EspName>, undefined, ["postmark"]);
    await expect(unknown).rejects.toThrow(RangeError);
    await expect(unknown).rejects.toThrow('no simulator for "postmark". There are: ses, sendgrid, mailgun, mailjet.');
  });

  it("refuses an option that it does not have, by name", async () => {
    const misspelt = Reflect.apply(startSimulator<EspName>, undefined, ["ses", { latncy: 5 }]);
    await expect(misspelt).rejects.toThrow(TypeError);
    await expect(misspelt).rejects.toThrow(
      '"latncy" is no option; there are latency, port, host, account, senders, sendOnly, tls',
    );
  });

  it("refuses a latency that is no duration", async () => {
    await expect(startSimulator("ses", { latency: -1 })).rejects.toThrow("latency must be milliseconds");
  });

  it("rejects where the port is taken", async () => {
    const { url } = await start();
    await expect(startSimulator("ses", { port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });

  it("listens on IPv6 where it is told to", async () => {
    const esp = await start({ host: "::1" });
    expect(esp.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await send(esp)).toMatchObject({ status: 202 });
  });

  it("speaks HTTPS, with the faults of TCP under it", async () => {
    const esp = await start({ tls });
    const request = sendgridRequest(esp.options);
    expect(esp.url).toMatch(/^https:/);
    expect(await exchange(esp.url, request, { ca: tls.cert })).toMatchObject({ status: 202 });
    expect((await exchange(esp.url, request)).broken).toMatch(/CERT|SIGNED/);
    esp.fault({ kind: "accept-then-reset" }, { times: 1 });
    expect(await exchange(esp.url, request, { ca: tls.cert })).toMatchObject({ broken: "ECONNRESET" });
    expect(esp.inbox).toHaveLength(2);
    esp.fault({ kind: "reset-on-accept" }, { times: 1 });
    expect(await exchange(esp.url, request, { ca: tls.cert })).toMatchObject({ broken: "ECONNRESET" });
    expect(await exchange(esp.url, request, { ca: tls.cert })).toMatchObject({ status: 202 });
  });
});

describe("a running simulator", () => {
  it("answers after its latency, which may differ from request to request", async () => {
    const latency = vi.fn(() => 5);
    const esp = await start({ latency });
    await Promise.all([send(esp), send(esp)]);
    expect(latency).toHaveBeenCalledTimes(2);
    expect(esp.inbox).toHaveLength(2);
  });

  it("counts a request of which only the head has come, and keeps nothing of it", async () => {
    const esp = await start();
    const { socket, heard } = speak(esp, "POST /v3/mail/send HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    await until(() => esp.requests === 1);
    socket.destroy();
    expect(await heard).toBe("");
    expect(await send(esp)).toMatchObject({ status: 202 });
    expect(esp.requests).toBe(2);
    expect(esp.inbox).toHaveLength(1);
  });

  it("answers bytes that are no HTTP with 400", async () => {
    const esp = await start();
    expect(await speak(esp, "hello\r\n\r\n").heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(esp.requests).toBe(0);
    expect(esp.connections).toBe(1);
  });

  it("reads a body that comes in chunks", async () => {
    const esp = await start();
    const { headers, body } = sendgridRequest(esp.options);
    const head = Object.entries({ ...headers, host: "x", "transfer-encoding": "chunked", connection: "close" });
    const chunks = [...body.toString()].map((char) => `1\r\n${char}\r\n`).join("");
    const request = `POST /v3/mail/send HTTP/1.1\r\n${head.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n`;
    expect(await speak(esp, request, chunks, "0\r\n\r\n").heard).toMatch(/^HTTP\/1\.1 202 /);
    expect(esp.inbox[0]?.subject).toBe("Your order");
  });

  it("forgets on request what it has seen", async () => {
    const esp = await start();
    await send(esp);
    const { inbox } = esp;
    esp.clear();
    expect({ requests: esp.requests, connections: esp.connections, inbox }).toEqual({
      requests: 0,
      connections: 0,
      inbox: [],
    });
    await send(esp);
    expect(inbox).toHaveLength(1);
  });

  it("prints nothing", async () => {
    const esp = await start();
    const printed = (["log", "info", "warn", "error"] as const).map((name) => vi.spyOn(console, name));
    const written = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
    await send(esp);
    esp.fault({ kind: "stall-body" });
    const stalled = send(esp);
    await until(() => esp.inbox.length === 2);
    await esp.close();
    await stalled;
    for (const spy of [...printed, ...written]) expect(spy).not.toHaveBeenCalled();
  });
});

describe("closing a simulator", () => {
  it("ends what stalls and what waits, and frees the port", async () => {
    const esp = await start({ latency: 60_000 });
    const waiting = send(esp);
    await until(() => esp.inbox.length === 1);
    await esp.close();
    expect(await waiting).toMatchObject({ broken: "ECONNRESET" });
    const port = Number(new URL(esp.url).port);
    const next = await start({ port });
    expect(next.url).toBe(esp.url);
    expect(esp.inbox).toHaveLength(1);
  });

  it("may be done again, while the port is refused, and by a disposal", async () => {
    const esp = await start();
    esp.fault({ kind: "refuse" }, { for: 60_000 });
    await Promise.all([esp.close(), esp.close()]);
    await esp[Symbol.asyncDispose]();
    expect(await send(esp)).toMatchObject({ broken: "ECONNREFUSED" });
  });

  it("is for good", async () => {
    const esp = await start();
    await esp.close();
    expect(() => esp.fault({ kind: "stall" })).toThrow("This simulator is closed");
    await expect(esp.heal()).rejects.toThrow("This simulator is closed");
  });
});

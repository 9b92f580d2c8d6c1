import { once } from "node:events";
import http from "node:http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startEsps } from "../../examples/driving/esps.ts";
import { Server } from "../../examples/driving/server.ts";
import { type Answer, answerOnHealth } from "../../examples/fastify/answers.ts";
import { buildApp } from "../../examples/fastify/app.ts";
import { createMailer, type MailerOptions } from "../../src/index.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { memoryProvider, type Outcome, startSimulator } from "../../src/testing/index.ts";
import { outputOf } from "./running.ts";

const mail = { to: "ada@example.org", subject: "Your order", text: "It is on its way." };

function appWith(script: readonly Outcome[] = [], options: Partial<MailerOptions<"memory">> = {}) {
  const provider = memoryProvider({ script });
  const mailer = createMailer({
    providers: [provider],
    defaults: { from: "shop@example.com" },
    retry: { maxRounds: 1 },
    ...options,
  });
  mailer.on("provider:down", () => {});
  const lines: string[] = [];
  const app = buildApp(mailer, { logger: { stream: { write: (line: string) => void lines.push(line) } } });
  onTestFinished(() => app.close());
  const send = async (payload: object | string) => {
    const { statusCode, headers, body } = await app.inject({
      method: "POST",
      url: "/send",
      headers: { "content-type": "application/json" },
      payload,
    });
    return { status: statusCode, retryAfter: headers["retry-after"], body: JSON.parse(body) };
  };
  const health = async () => {
    const { statusCode, body } = await app.inject("/health");
    return { status: statusCode, body: JSON.parse(body) };
  };
  return { app, mailer, provider, lines, send, health };
}

describe("POST /send of the fastify example", () => {
  it("answers 202 with the id, the provider and whether it may arrive twice", async () => {
    const { provider, send } = appWith();
    const { status, body } = await send(mail);

    expect(provider.inbox).toMatchObject([{ message: { subject: "Your order" } }]);
    expect({ status, body }).toEqual({
      status: 202,
      body: { id: provider.inbox[0]?.id, outcome: "accepted", provider: "memory", duplicate: "no" },
    });
  });

  it.each([
    ["a field is missing", { to: "ada@example.org", text: "Hello" }, "subject"],
    ["there is no text", { to: "ada@example.org", subject: "Hello" }, "text"],
    ["a field is of another type", { ...mail, subject: 7 }, "subject"],
    ["an address is no string", { ...mail, to: ["ada@example.org", {}] }, "to[1]"],
    ["a client would choose the sender", { ...mail, from: "ceo@example.com" }, "from"],
    ["an address is none", { ...mail, to: ["ada@example.org", "bob"] }, "to[1]"],
  ])("answers 400 and names the place where %s", async (_, body, path) => {
    const { provider, send } = appWith();
    const answer = await send(body);

    expect(answer).toMatchObject({ status: 400, body: { outcome: "not-sent", error: "invalid" } });
    expect(answer.body.problems.map((problem: { path: string }) => problem.path)).toContain(path);
    expect(provider.attempts).toBe(0);
  });

  it("answers 400 to what is no JSON", async () => {
    const { provider, send } = appWith();

    expect(await send("{")).toMatchObject({ status: 400 });
    expect(provider.attempts).toBe(0);
  });

  it("answers 503 with the time until it is worth another try where nobody has the mail", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const { send } = appWith(["authentication"]);
    const { status, retryAfter, body } = await send(mail);

    expect(status).toBe(503);
    expect(retryAfter).toMatch(/^1[45]$/);
    expect(body).toEqual({ id: body.id, outcome: "not-sent", error: "unavailable" });
  });

  it("answers 202 where somebody may have the mail, so that nobody sends it again, and logs whose it is", async () => {
    const { send, lines } = appWith(["timeout"]);
    const { status, retryAfter, body } = await send(mail);

    expect({ status, retryAfter, body }).toEqual({
      status: 202,
      retryAfter: undefined,
      body: { id: body.id, outcome: "unknown" },
    });
    const logged = lines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50);
    expect(logged).toMatchObject([{ id: body.id, attempts: [{ failure: { reason: "timeout" } }] }]);
    expect(lines.join("")).not.toContain("example.org");
  });

  it("answers 422 where a provider refuses the mail itself", async () => {
    const { send } = appWith(["rejected"]);

    expect(await send(mail)).toMatchObject({ status: 422, body: { outcome: "not-sent", error: "rejected" } });
  });

  it("answers 422 and names the place where a recipient is suppressed", async () => {
    const { provider, send } = appWith([], { suppress: () => true });

    expect(await send(mail)).toMatchObject({ status: 422, body: { error: "suppressed", paths: ["to[0]"] } });
    expect(provider.attempts).toBe(0);
  });

  it("answers 422 and names the field where no provider can carry the mail", async () => {
    const { send } = appWith([], { providers: [memoryProvider({ unsupported: ["text"] })] });

    expect(await send(mail)).toMatchObject({ status: 422, body: { error: "unsupported", missing: ["text"] } });
  });

  it("sends what was asked for though the client hangs up", async () => {
    await using esp = await startSimulator("sendgrid", { latency: 100 });
    const mailer = createMailer({ providers: [sendgrid(esp.options)], defaults: { from: "shop@example.com" } });
    const accepted = new Promise((resolve) => mailer.once("accepted", resolve));
    const app = buildApp(mailer);
    onTestFinished(() => app.close());
    const url = await app.listen({ port: 0 });

    const request = http.request(`${url}/send`, { method: "POST", headers: { "content-type": "application/json" } });
    request.on("error", () => {});
    request.end(JSON.stringify(mail));
    await vi.waitUntil(() => esp.requests === 1);
    request.destroy();

    await accepted;
    expect(esp.inbox).toHaveLength(1);
  });
});

describe("GET /health of the fastify example", () => {
  it("answers 200 while all is well", async () => {
    const { health } = appWith();

    expect(await health()).toMatchObject({
      status: 200,
      body: { status: "ok", providers: [{ provider: "memory", state: "healthy" }] },
    });
  });

  it("answers 503 when no provider can be used, and does not repeat what a provider said", async () => {
    const { send, health } = appWith([{ reason: "suspended", detail: "account 4711 is under review" }]);
    await send(mail);
    const answer = await health();

    expect(answer).toMatchObject({ status: 503, body: { status: "down", providers: [{ state: "down" }] } });
    expect(JSON.stringify(answer)).not.toContain("4711");
  });

  it("answers 503 while the only provider is isolated, and 200 when it is back", async () => {
    const { mailer, health } = appWith();
    const maintenance = mailer.isolate("memory");
    const isolated = await health();
    maintenance[Symbol.dispose]();

    expect([isolated.status, (await health()).status]).toEqual([503, 200]);
  });

  it("answers 503 while one mail tries whether the only provider is back", async () => {
    const { mailer, send } = appWith(["authentication"], { breaker: { openFor: 1 } });
    const answers: Answer[] = [];
    mailer.on("provider:probing", () => answers.push(answerOnHealth(mailer.health())));
    await send(mail);
    await vi.waitUntil(async () => (await send(mail)).status === 202);

    expect(answers[0]).toMatchObject({ status: 503, body: { status: "down", providers: [{ state: "probing" }] } });
  });

  it("answers 200 again when a provider that is down is due: some instance must get the mail that finds it well", async () => {
    const { send, health } = appWith(["authentication"], { breaker: { openFor: 1 } });
    await send(mail);
    await vi.waitUntil(async () => (await health()).status === 200);

    expect(await health()).toMatchObject({ body: { status: "degraded", providers: [{ state: "down" }] } });
  });
});

describe("closing the app of the fastify example", () => {
  it("closes the mailer", async () => {
    const { app, mailer } = appWith();
    await app.close();

    await expect(mailer.send(mail)).rejects.toMatchObject({ kind: "closed" });
  });

  it("does not wait for a client that would keep its connection", async () => {
    await using esp = await startSimulator("sendgrid", { latency: 100 });
    const mailer = createMailer({ providers: [sendgrid(esp.options)], defaults: { from: "shop@example.com" } });
    const app = buildApp(mailer);
    const url = await app.listen({ port: 0 });
    const agent = new http.Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());

    const request = http.request(`${url}/send`, {
      agent,
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    const answered = once(request, "response");
    request.end(JSON.stringify(mail));
    await vi.waitUntil(() => esp.requests === 1);
    const closed = app.close();
    const [response]: http.IncomingMessage[] = await answered;
    response?.resume();

    expect(response?.statusCode).toBe(202);
    expect(response?.headers.connection).toBe("close");
    await closed;
  });
});

describe("the server of the fastify example", () => {
  it("loses nothing when it is told to stop in the middle of 50 requests", async () => {
    await using esps = await startEsps({ latency: 300 });
    await using server = await Server.start(esps.environment);
    // One at a time on each of ten connections, which stay open in between.
    const accepted: string[] = [];
    let turnedAway = 0;
    const clients = Array.from({ length: 10 }, async () => {
      for (let sent = 0; sent < 5; sent += 1) {
        const reply = await server.send(mail).catch(() => undefined);
        if (reply?.status === 202) accepted.push(String(reply.id));
        else turnedAway += 1;
      }
    });
    await vi.waitUntil(() => esps.ses.requests >= 25, { timeout: 10_000, interval: 5 });
    server.program.signal("SIGTERM");
    await Promise.all(clients);

    expect(await server.program.ended).toBe(0);
    expect(accepted.length).toBeGreaterThanOrEqual(25);
    expect(turnedAway).toBeGreaterThan(0);
    expect(accepted.length + turnedAway).toBe(50);
    expect(esps.received().toSorted()).toEqual(accepted.toSorted());
    expect(server.program.lines.at(-1)).toContain('"closed"');
  });

  it("is shown by one command", { timeout: 60_000 }, async () => {
    const { lines, code } = await outputOf("examples/fastify.ts");

    expect(lines).toContain("  No mail was lost, and none sent twice.");
    expect(lines.filter((line) => /^ {2}\S.* {2}\d{3} /.test(line))).toHaveLength(7);
    expect(code).toBe(0);
  });
});

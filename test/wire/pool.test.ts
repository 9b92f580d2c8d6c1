import { once } from "node:events";
import http from "node:http";
import { describe, expect, it, vi } from "vitest";
import { createWire } from "../../src/wire/client.ts";
import type { Wire } from "../../src/wire/wire.ts";
import { errorOf, Limits, post, serverThat, stopTime, wire } from "./harness.ts";
import { agentFor, answerOk, ok, type RawServer, schemes } from "./raw-server.ts";

const send = (client: Wire, esp: RawServer, fresh = false) => client.request(post(esp.url), new Limits({ fresh }));

describe.each(schemes)("a kept connection over %s", (scheme) => {
  it.each([
    { idle: 0, fresh: false, again: true },
    { idle: 3_999, fresh: false, again: true },
    { idle: 4_000, fresh: false, again: false },
    { idle: 3_600_000, fresh: false, again: false },
    { idle: 999, fresh: true, again: true },
    { idle: 1_000, fresh: true, again: false },
  ])("after $idle ms is used again: $again (fresh: $fresh)", async ({ idle, fresh, again }) => {
    stopTime();
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    await send(client, esp);
    vi.advanceTimersByTime(idle);
    await send(client, esp, fresh);

    expect(esp.connections).toHaveLength(again ? 1 : 2);
    await esp.until(() => esp.open === 1);
  });

  it.each([
    ["forward, as after a freeze in which the monotonic clock stood still", 5_000],
    ["forward by little", 1_500],
    ["back", -60_000],
  ])("is dropped after the wall clock jumped %s", async (_, jump) => {
    stopTime();
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    await Promise.all([send(client, esp), send(client, esp), send(client, esp)]);
    vi.setSystemTime(Date.now() + jump);
    await send(client, esp);

    expect(esp.connections).toHaveLength(4);
    await esp.until(() => esp.open === 1);
    await send(client, esp);
    expect(esp.connections).toHaveLength(4);
  });

  it("counts its idle time by the clock that is ahead", async () => {
    stopTime();
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    await send(client, esp);
    vi.advanceTimersByTime(3_500);
    vi.setSystemTime(Date.now() + 700);
    await send(client, esp);

    expect(esp.connections).toHaveLength(2);
  });

  it("is dropped after the monotonic clock ran on alone", async () => {
    stopTime();
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    await send(client, esp);
    const date = Date.now();
    vi.advanceTimersByTime(2_000);
    vi.setSystemTime(date);
    await send(client, esp);

    expect(esp.connections).toHaveLength(2);
  });

  it("counts its idle time from its last use", async () => {
    stopTime();
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    for (let i = 0; i < 5; i++) {
      await send(client, esp);
      vi.advanceTimersByTime(3_000);
    }

    expect(esp.connections).toHaveLength(1);
  });
});

describe("the connection used", () => {
  it("is the one that was used last, so that the others can grow old", async () => {
    stopTime();
    const esp = await serverThat(answerOk);
    const client = wire();
    await Promise.all([send(client, esp), send(client, esp)]);
    for (let i = 0; i < 4; i++) {
      await send(client, esp);
      vi.advanceTimersByTime(1_500);
    }

    const [, , ...later] = esp.requests;
    expect(new Set(later.map(({ connection }) => connection)).size).toBe(1);
    expect(esp.connections).toHaveLength(2);
    await esp.until(() => esp.open === 1);
  });

  it("is an older one when only the newest may have been closed", async () => {
    stopTime();
    const hinted = ok.replace("\r\n", "\r\nkeep-alive: timeout=2\r\n");
    const esp = await serverThat(({ connection, number }) => void connection.stream.write(number === 2 ? hinted : ok));
    const client = wire();
    const first = send(client, esp);
    await esp.until(() => esp.requests.length === 1);
    await Promise.all([first, send(client, esp)]);
    vi.advanceTimersByTime(1_500);

    expect((await send(client, esp)).status).toBe(200);
    expect(esp.requests[2]?.connection).toBe(esp.requests[0]?.connection);
    expect(esp.connections).toHaveLength(2);
  });

  it("is a new one while the end of the kept one is being dealt with", async () => {
    const esp = await serverThat(answerOk);
    const agent = agentFor("http");
    const client = createWire({ agent });
    await send(client, esp);
    const [kept] = Object.values(agent.freeSockets).flat();
    if (!kept) throw new Error("the connection was not kept");
    // From Node 22 on the agent closes it before anybody is told of its end.
    const ended = Promise.race([once(kept, "end"), once(kept, "close")]).then(() => send(client, esp));
    esp.connections[0]?.stream.end();

    expect((await ended).status).toBe(200);
    expect(esp.connections).toHaveLength(2);
    agent.destroy();
  });

  it.each([
    { hint: "timeout=2", idle: 999, again: true },
    { hint: "timeout=2, max=100", idle: 1_000, again: false },
    { hint: "timeout=1", idle: 0, again: false },
    { hint: "timeout=0", idle: 0, again: false },
    { hint: "max=100, timeout=3", idle: 2_000, again: false },
    { hint: "timeout=600", idle: 3_999, again: true },
    { hint: "timeout=600", idle: 4_000, again: false },
    { hint: "timeout=soon", idle: 3_999, again: true },
  ])("is used again after $idle ms when the server says $hint: $again", async ({ hint, idle, again }) => {
    stopTime();
    const answer = ok.replace("\r\n", `\r\nKeep-Alive: ${hint}\r\n`);
    const esp = await serverThat(({ connection }) => void connection.stream.write(answer));
    const client = wire();
    await send(client, esp);
    vi.advanceTimersByTime(idle);
    await send(client, esp);

    expect(esp.connections).toHaveLength(again ? 1 : 2);
  });

  it("is a new one when the server closes after its answer", async () => {
    const answer = ok.replace("\r\n", "\r\nconnection: close\r\n");
    const esp = await serverThat(({ connection }) => void connection.stream.write(answer));
    const client = wire();
    await send(client, esp);
    await send(client, esp);

    expect(esp.connections).toHaveLength(2);
    await esp.until(() => esp.open === 0);
  });

  it("belongs to one wire alone", async () => {
    const esp = await serverThat(answerOk);
    await send(wire(), esp);
    await send(wire(), esp);

    expect(esp.connections).toHaveLength(2);
  });
});

describe("an agent of the user's", () => {
  it("is used, and keeps the idle rules for what a wire has used", async () => {
    stopTime();
    const esp = await serverThat(answerOk);
    const agent = agentFor("http");
    const [one, other] = [createWire({ agent }), createWire({ agent })];
    await send(one, esp);
    await send(other, esp);
    expect(esp.connections).toHaveLength(1);
    vi.advanceTimersByTime(4_000);
    await send(other, esp);

    expect(esp.connections).toHaveLength(2);
    await esp.until(() => esp.open === 1);
    agent.destroy();
  });

  it("keeps idle connections that no wire has used", async () => {
    stopTime();
    const esp = await serverThat(answerOk);
    const agent = agentFor("http");
    await new Promise<void>((resolve) => {
      http.get(esp.url, { agent }, (answer) => answer.resume().on("end", resolve));
    });
    vi.advanceTimersByTime(60_000);
    const client = createWire({ agent });
    await send(client, esp);
    client.close();

    expect(esp.connections).toHaveLength(1);
    expect(esp.open).toBe(1);
    agent.destroy();
  });

  it("is known to have handed over a used connection, though another used it", async () => {
    const esp = await serverThat((request) => {
      if (request.number === 1) answerOk(request);
      else request.connection.reset();
    });
    const agent = agentFor("http");
    await new Promise<void>((resolve) => {
      http.get(esp.url, { agent }, (answer) => answer.resume().on("end", resolve));
    });

    const error = await errorOf(send(createWire({ agent }), esp));

    expect(error.reusedConnection).toBe(true);
    expect(error.failure).toMatchObject({ reason: "response-lost", sent: "maybe" });
    agent.destroy();
  });

  it("may keep no connections at all", async () => {
    const esp = await serverThat(answerOk);
    const client = createWire({ agent: new http.Agent() });
    await send(client, esp);
    await send(client, esp);

    expect(esp.connections).toHaveLength(2);
    await esp.until(() => esp.open === 0);
  });
});

describe("many requests at once", () => {
  it.each(schemes)("share no connection over %s, and are answered each with its own", async (scheme) => {
    const esp = await serverThat(({ connection, body }) => {
      connection.stream.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    }, scheme);
    const client = wire(scheme);
    const bodies = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    const answers = await Promise.all(bodies.map((body) => client.request(post(esp.url, body), new Limits())));

    expect(answers.map(({ body }) => Buffer.from(body).toString())).toEqual(bodies);
    expect(esp.connections).toHaveLength(50);
  });

  it("above 50 wait for a connection, and those that waited are told to be on a used one", async () => {
    const esp = await serverThat((request) => {
      if (request.number > 50) request.connection.reset();
    });
    const client = wire();
    const first = Array.from({ length: 50 }, () => send(client, esp));
    await esp.until(() => esp.requests.length === 50);
    const waiting = Array.from({ length: 10 }, () => new Limits());
    const outcomes = waiting.map((limits) => errorOf(client.request(post(esp.url), limits)));
    for (const { stream } of esp.connections) stream.write(ok);
    const errors = await Promise.all(outcomes);

    expect((await Promise.all(first)).map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(esp.connections).toHaveLength(50);
    expect(errors.map(({ reusedConnection, failure }) => [reusedConnection, failure.reason])).toEqual(
      Array(10).fill([true, "response-lost"]),
    );
  });

  it("that wait in vain are unreachable and not sent, and take no connection from those who wait on", async () => {
    stopTime();
    const esp = await serverThat((request) => {
      if (request.number > 50) answerOk(request);
    });
    const client = wire();
    const holding = Array.from({ length: 50 }, () => client.request(post(esp.url), new Limits({ timeout: 60_000 })));
    await esp.until(() => esp.requests.length === 50);
    const limits = new Limits({ timeout: 1_000 });
    const aborted = new Limits();
    const hasty = errorOf(client.request(post(esp.url, "never"), limits));
    const givenUp = errorOf(client.request(post(esp.url, "never"), aborted));
    const patient = client.request(post(esp.url, "in the end"), new Limits({ timeout: 60_000 }));
    vi.advanceTimersByTime(1_000);
    aborted.controller.abort();

    expect((await hasty).failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ETIMEDOUT" });
    expect((await givenUp).failure).toMatchObject({ reason: "aborted", sent: "no" });
    expect(limits.listeners + aborted.listeners).toBe(0);
    esp.connections[0]?.stream.write(ok);
    expect((await patient).status).toBe(200);
    for (const { stream } of esp.connections.slice(1)) stream.write(ok);
    await Promise.all(holding);
    expect(esp.requests.map(({ body }) => body.toString())).not.toContain("never");
    expect(esp.requests).toHaveLength(51);
  });
});

describe("close", () => {
  it("closes idle connections at once", async () => {
    const esp = await serverThat(answerOk);
    const client = createWire();
    await Promise.all([send(client, esp), send(client, esp)]);
    client.close();

    await esp.until(() => esp.open === 0);
    expect(esp.connections).toHaveLength(2);
  });

  it("lets a request under way finish, and closes its connection then", async () => {
    const esp = await serverThat(() => {});
    const client = createWire();
    const outcome = send(client, esp);
    await esp.until(() => esp.requests.length === 1);
    client.close();
    esp.connections[0]?.stream.write(ok);

    expect((await outcome).status).toBe(200);
    await esp.until(() => esp.open === 0);
  });

  it("leaves requests possible, each on a connection of its own", async () => {
    const esp = await serverThat(answerOk);
    const client = createWire();
    await send(client, esp);
    client.close();
    client.close();

    expect((await send(client, esp)).status).toBe(200);
    expect((await send(client, esp)).status).toBe(200);
    expect(esp.connections).toHaveLength(3);
    await esp.until(() => esp.open === 0);
  });
});

import http from "node:http";
import { describe, expect, it, vi } from "vitest";
import { ses } from "../../src/providers/ses/index.ts";
import { letter } from "../mailer/support.ts";
import { startServer } from "../providers/esp-server.ts";
import { until } from "../testing/http-client.ts";
import { stopTime } from "../wire/harness.ts";
import { adapterOf, espNames, openMailer, useEsps } from "./support/esps.ts";

const esps = await useEsps();

describe.each(espNames)("Warming the adapter of %s", (name) => {
  it("opens the connection by which the first mail goes, and sends nothing", async () => {
    const esp = esps[name];
    const mailer = openMailer({ providers: [adapterOf(esp)] });

    expect(await mailer.warm()).toEqual([{ provider: name, ready: true, duration: expect.any(Number) }]);
    expect(esp.inbox).toEqual([]);
    expect(esp.connections).toBe(1);

    await mailer.send(letter);
    expect(esp.inbox).toHaveLength(1);
    expect(esp.connections).toBe(1);
  });

  it("says that it cannot be reached, and changes nothing of its health", async () => {
    const esp = esps[name];
    esp.fault({ kind: "refuse" });
    const mailer = openMailer({ providers: [adapterOf(esp)] });
    mailer.on("warning", () => {});

    expect(await mailer.warm()).toMatchObject([
      { provider: name, ready: false, failure: { reason: "unreachable", sent: "no", code: "ECONNREFUSED" } },
    ]);
    expect(mailer.health()).toMatchObject([{ state: "healthy", failureRate: 0 }]);
  });

  it("asks for nothing but a connection: no credential, no address and nothing of a mail goes out", async () => {
    const server = await startServer(() => ({ status: 404 }));
    const esp = esps[name];
    const mailer = openMailer({ providers: [adapterOf(esp, name, `${server.url}/gateway`)] });

    expect(await mailer.warm()).toMatchObject([{ ready: true }]);

    expect(server.requests).toEqual([
      {
        method: "HEAD",
        path: "/",
        headers: { host: `127.0.0.1:${server.port}`, connection: "keep-alive", "accept-encoding": "identity" },
        body: Buffer.alloc(0),
      },
    ]);
  });

  it("gives up on a server that does not answer when its time is over", async () => {
    const server = await startServer(() => undefined);
    const mailer = openMailer({ providers: [adapterOf(esps[name], name, server.url)] });
    mailer.on("warning", () => {});

    expect(await mailer.warm({ timeout: 150 })).toMatchObject([
      { provider: name, ready: false, failure: { reason: "timeout", sent: "no" } },
    ]);
  });
});

describe.each(espNames)("A connection that warming opened to %s", (name) => {
  it("is not used over a freeze of the process, nor after it was idle too long", async () => {
    const esp = esps[name];
    const mailer = openMailer({ providers: [adapterOf(esp)] });
    await mailer.warm();
    stopTime();

    vi.setSystemTime(Date.now() + 60_000);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
    await mailer.send(letter);

    expect(esp.connections).toBe(2);
    expect(esp.inbox).toHaveLength(1);
  });

  it("is used again by a second warming", async () => {
    const mailer = openMailer({ providers: [adapterOf(esps[name])] });
    await mailer.warm();
    await mailer.warm();
    expect(esps[name].connections).toBe(1);
  });

  it("is none that a mail waits for which is sent meanwhile", async () => {
    const esp = esps[name];
    await esp.fault({ kind: "slow", ms: 60_000 }, { times: 1 });
    const mailer = openMailer({ providers: [adapterOf(esp)] });
    const warming = mailer.warm();
    await until(() => esp.requests === 1);
    await esp.heal();

    expect(await mailer.send(letter)).toMatchObject({ provider: name });
    await mailer.close();
    expect(await warming).toMatchObject([{ ready: false, failure: { reason: "aborted", sent: "no" } }]);
  });

  it("is one of the user's own agent, where there is one", async () => {
    const agent = new http.Agent({ keepAlive: true });
    const connect = vi.spyOn(agent, "createConnection");
    const mailer = openMailer({ providers: [adapterOf(esps[name], name, undefined, agent)] });

    expect(await mailer.warm()).toMatchObject([{ ready: true }]);
    expect(connect).toHaveBeenCalledOnce();
    agent.destroy();
  });
});

describe("Warming", () => {
  it("opens a connection to each standby at the same time", async () => {
    const mailer = openMailer({ providers: espNames.map((name) => adapterOf(esps[name])) });

    const results = await mailer.warm();

    expect(results.map(({ provider, ready }) => [provider, ready])).toEqual(espNames.map((name) => [name, true]));
    expect(espNames.map((name) => esps[name].connections)).toEqual([1, 1, 1, 1]);
  });

  it("says that SES has no credentials, and what to do about it, before the first mail needs them", async () => {
    const credentials = async () => {
      throw new Error("Could not load credentials from any providers");
    };
    const mailer = openMailer({ providers: [ses({ region: "eu-west-1", credentials })] });
    mailer.on("warning", () => {});

    expect(await mailer.warm()).toMatchObject([
      { provider: "ses", ready: false, failure: { reason: "authentication", scope: "account", sent: "no" } },
    ]);
  });
});

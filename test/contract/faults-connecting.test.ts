import type net from "node:net";
import { describe, expect, it, vi } from "vitest";
import { letter, silenceWarnings } from "../mailer/support.ts";
import { server, stopTime } from "../wire/harness.ts";
import { agentFor, answerOk, type RawServer, trustingAgent } from "../wire/raw-server.ts";
import { espNames, openMailer } from "./support/esps.ts";
import { adapterAt, next, type Place, portThatNeverConnects, unusedPort } from "./support/fault-servers.ts";
import { errorOf, failureAtOnly, failureOf, failureWith } from "./support/verdicts.ts";

silenceWarnings();

interface Scene extends Place {
  readonly server?: RawServer;
  /** Resolves at the moment from which nothing but the time limit can end the attempt. */
  readonly stuck?: Promise<unknown>;
}

interface Row {
  readonly what: string;
  readonly code: string;
  readonly scene: () => Promise<Scene>;
}

async function handshakeWith(onTcp: (socket: net.Socket) => void): Promise<Scene & { readonly server: RawServer }> {
  const broken = await server({ scheme: "https", onTcp });
  return { baseUrl: broken.url.origin, agent: trustingAgent(), server: broken };
}

/** Goes by its name to a server whose certificate is for other names. */
async function strangeName(): Promise<Scene> {
  const working = await server({ scheme: "https", answer: answerOk });
  const lookup: net.LookupFunction = (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
  return { baseUrl: `https://other.test:${working.port}`, agent: trustingAgent({ lookup }), server: working };
}

const rows: readonly Row[] = [
  {
    what: "a refused connection",
    code: "ECONNREFUSED",
    scene: async () => ({ baseUrl: `http://127.0.0.1:${await unusedPort()}` }),
  },
  {
    what: "a connection that is never made",
    code: "ETIMEDOUT",
    scene: async () => ({
      baseUrl: `http://127.0.0.1:${await portThatNeverConnects()}`,
      stuck: next("net.client.socket"),
    }),
  },
  {
    what: "a name that does not exist",
    code: "ENOTFOUND",
    // A label of more than 63 letters cannot exist, so the system need not ask anybody.
    scene: async () => ({ baseUrl: `https://${"x".repeat(64)}.invalid` }),
  },
  {
    what: "a name server that never answers",
    code: "ETIMEDOUT",
    scene: async () => {
      let asked = () => {};
      const stuck = new Promise<void>((resolve) => {
        asked = resolve;
      });
      return { baseUrl: "https://esp.test", agent: agentFor("https", { lookup: () => asked() }), stuck };
    },
  },
  {
    what: "a reset before the connection is ready",
    code: "ECONNRESET",
    scene: () => handshakeWith((socket) => void socket.resetAndDestroy()),
  },
  {
    what: "a reset in the TLS handshake",
    code: "ECONNRESET",
    scene: () => handshakeWith((socket) => void socket.once("data", () => socket.resetAndDestroy())),
  },
  {
    what: "the end of the connection in the TLS handshake",
    code: "ECONNRESET",
    scene: () => handshakeWith((socket) => void socket.once("data", () => socket.end())),
  },
  {
    what: "a server that does not speak TLS",
    code: "ERR_SSL_WRONG_VERSION_NUMBER",
    scene: () => handshakeWith((socket) => void socket.write("220 smtp.example.com ESMTP\r\n")),
  },
  {
    what: "a TLS handshake that is never answered",
    code: "ETIMEDOUT",
    scene: async () => {
      let hello = () => {};
      const stuck = new Promise<void>((resolve) => {
        hello = resolve;
      });
      return { ...(await handshakeWith((socket) => void socket.once("data", hello))), stuck };
    },
  },
  {
    what: "a certificate that nobody vouches for",
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    scene: async () => {
      const working = await server({ scheme: "https", answer: answerOk });
      return { baseUrl: working.url.origin, server: working };
    },
  },
  {
    what: "a certificate for another name",
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
    scene: strangeName,
  },
];

describe.each(espNames)("%s, never connected", (name) => {
  it.each(rows)("$what is unreachable and not sent: $code", async ({ code, scene }) => {
    stopTime();
    const { server: reached, stuck, ...place } = await scene();
    const mailer = openMailer({ providers: [adapterAt(name, place)], retry: { maxRounds: 1 } });

    const failing = failureAtOnly(mailer);
    if (stuck) {
      await stuck;
      await vi.advanceTimersByTimeAsync(10_000);
    }

    expect(await failing).toEqual(
      failureWith("unreachable", { code, detail: expect.stringContaining(new URL(place.baseUrl).host) }),
    );
    expect([reached?.bytes ?? 0, reached?.requests ?? []]).toEqual([0, []]);
  });

  it("is asked again in the next round, since nothing was sent", async () => {
    const mailer = openMailer({
      providers: [adapterAt(name, { baseUrl: `http://127.0.0.1:${await unusedPort()}` })],
      retry: { maxRounds: 3, minDelay: 1 },
    });
    const error = await errorOf(mailer.send(letter));
    expect(error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true });
    expect(error.attempts.map(({ round }) => round)).toEqual([1, 2, 3]);
    for (const attempt of error.attempts) {
      expect(failureOf(attempt)).toEqual(failureWith("unreachable", { code: "ECONNREFUSED" }));
    }
  });
});

import { expect, it } from "vitest";
import { createWire } from "../../src/wire/client.ts";
import { expectNothingLeft, Limits, post, serverThat, stopTime } from "./harness.ts";
import { agentFor, answerOk, schemes } from "./raw-server.ts";

const busy = ["TCPSocketWrap", "TLSWrap", "GetAddrInfoReqWrap", "TCPConnectWrap"];
const heldByProcess = () => process.getActiveResourcesInfo().filter((resource) => busy.includes(resource)).length;

it.each(schemes)("2,500 requests over %s leave no connection, listener or timer behind", async (scheme) => {
  stopTime();
  const esp = await serverThat(answerOk, scheme);
  const before = heldByProcess();
  const agent = agentFor(scheme, { maxSockets: 50 });
  const client = createWire({ agent });
  const limits = new Limits();
  const statuses: number[] = [];
  const send = async () => statuses.push((await client.request(post(esp.url), limits)).status);

  for (let i = 0; i < 2_000; i++) await send();
  expect(esp.connections).toHaveLength(1);
  const [kept] = Object.values(agent.freeSockets).flat();
  const listeners = () => kept?.eventNames().map((name) => [name, kept.listenerCount(name)]);
  const listenersAfter2000 = listeners();
  await Promise.all(Array.from({ length: 500 }, send));

  expect(statuses).toEqual(Array(2_500).fill(200));
  expect(esp.requests).toHaveLength(2_500);
  expect(esp.connections).toHaveLength(50);
  expect(Object.keys(agent.sockets)).toEqual([]);
  expect(Object.keys(agent.requests)).toEqual([]);
  expect(Object.values(agent.freeSockets).flat()).toHaveLength(50);
  expect(listeners()).toEqual(listenersAfter2000);
  expectNothingLeft(limits);

  agent.destroy();
  await esp.until(() => esp.open === 0);
  // Handles are given back a turn of the event loop after they were closed.
  while (heldByProcess() > before) await new Promise((resolve) => setImmediate(resolve));
});

it("2,000 requests that fail leave none behind either", async () => {
  stopTime();
  const esp = await serverThat(({ connection }) => connection.reset());
  const client = createWire();
  const limits = new Limits();
  const send = () => client.request(post(esp.url), limits).catch(() => "failed");

  for (let i = 0; i < 1_500; i++) expect(await send()).toBe("failed");
  expect(await Promise.all(Array.from({ length: 500 }, send))).toEqual(Array(500).fill("failed"));

  expect(esp.requests).toHaveLength(2_000);
  expectNothingLeft(limits);
  await esp.until(() => esp.open === 0);
});

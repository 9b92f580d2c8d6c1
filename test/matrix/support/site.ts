import { onTestFinished } from "vitest";
import { type EspName, type Simulator, startSimulator } from "../../../src/testing/index.ts";
import type { Scheme } from "../../wire/raw-server.ts";
import type { ConnectionUse, MatrixFault } from "../faults/fault.ts";
import { certificates, key } from "./certificates.ts";
import { Connections } from "./connections.ts";
import { Gate } from "./gate.ts";

export interface Place {
  readonly name: EspName;
  readonly scheme: Scheme;
  readonly connection: ConnectionUse;
}

/** A simulated ESP, and the gate before it where a fault needs one; all its connections are counted. */
export interface Site {
  readonly esp: Simulator;
  readonly url: string;
  readonly connections: Connections;
  begin(): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** A site where the fault can begin; the test closes it. */
export async function openSite(place: Place, { how }: MatrixFault): Promise<Site> {
  const site =
    "simulator" in how
      ? await direct(place, (esp) => esp.fault(how.simulator))
      : await behindGate(place, (gate) => gate.begin(how));
  onTestFinished(() => site.close());
  return site;
}

async function direct({ name, scheme }: Place, begin: (esp: Simulator) => Promise<void>): Promise<Site> {
  const tls = { key, cert: certificates.good };
  const esp: Simulator = await startSimulator(name, scheme === "https" ? { tls } : {});
  const connections = new Connections(Number(new URL(esp.url).port));
  return {
    esp,
    url: esp.url,
    connections,
    begin: () => begin(esp),
    heal: () => esp.heal(),
    async close() {
      connections.stop();
      await esp.close();
    },
  };
}

async function behindGate({ name, scheme }: Place, begin: (gate: Gate) => Promise<void>): Promise<Site> {
  const esp: Simulator = await startSimulator(name);
  const gate = new Gate(scheme, Number(new URL(esp.url).port));
  const port = await gate.listen();
  const connections = new Connections(port);
  return {
    esp,
    url: `${scheme}://127.0.0.1:${port}`,
    connections,
    begin: () => begin(gate),
    heal: async () => gate.heal(),
    async close() {
      connections.stop();
      await gate.close();
      await esp.close();
    },
  };
}

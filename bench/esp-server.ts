import { fork } from "node:child_process";
import { once } from "node:events";

export interface EspServer {
  /** Root of every ESP's API. */
  readonly url: string;
  readonly port: number;
  readonly smtpPort: number;
  stop(): void;
}

/** Starts the process that answers. */
export async function startEspServer(): Promise<EspServer> {
  const child = fork(new URL("./server.ts", import.meta.url));
  const [message]: unknown[] = await once(child, "message");
  const { web: port, smtp: smtpPort } = portsIn(message);
  return { url: `http://127.0.0.1:${port}`, port, smtpPort, stop: () => child.disconnect() };
}

function portsIn(message: unknown): { readonly web: number; readonly smtp: number } {
  const ports = Object(message);
  return { web: Number(ports.web), smtp: Number(ports.smtp) };
}

import { SMTPServer } from "smtp-server";
import { type EspName, startSimulator } from "../../src/testing/index.ts";
import type { packageOf } from "./consumer.ts";

/** Somebody on this machine to whom an adapter can send. */
export interface Receiver extends AsyncDisposable {
  /** What the adapter is created with. */
  readonly options: object;
  received(): number;
}

export async function startReceiver(adapter: keyof typeof packageOf): Promise<Receiver> {
  if (adapter === "smtp") return startSmtpServer();
  const esp = await startSimulator<EspName>(adapter);
  return {
    options: esp.options,
    received: () => esp.inbox.length,
    [Symbol.asyncDispose]: () => esp.close(),
  };
}

async function startSmtpServer(): Promise<Receiver> {
  let received = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, _, done) {
      stream.resume();
      stream.once("end", () => {
        received += 1;
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    options: { host: "127.0.0.1", port, requireTls: false, auth: false },
    received: () => received,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

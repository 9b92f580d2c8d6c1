/**
 * Shows what the server in `examples/fastify` does, at simulators of its providers.
 *
 *   npm run example:fastify
 *
 * With credentials the server runs as it is: see `examples/fastify/server.ts`.
 *
 * It ends with 0 if it did as it should.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Esps, startEsps } from "./driving/esps.ts";
import { type Reply, Server } from "./driving/server.ts";

const mail = { to: "ada@example.org", subject: "Your order", text: "It is on its way." };

await using esps = await startEsps();
console.log("POST /send and GET /health on SES and, while SES cannot, SendGrid; both are simulated.");
const isWell = [await showAnswers(esps), await showShutdown()];
process.exitCode = isWell.every(Boolean) ? 0 : 1;

async function showAnswers({ ses, sendgrid, environment }: Esps): Promise<boolean> {
  console.log("\nWhat a client is told");
  await using server = await Server.start(environment, logged);
  const statuses = [
    show("a mail", await server.send(mail)),
    show("without a subject", await server.send({ ...mail, subject: undefined })),
    show("to nobody that there is", await server.send({ ...mail, to: ["ada@example.org", "ada"] })),
  ];
  await ses.fault({ kind: "refuse" });
  statuses.push(show("SES refuses connections", await server.send(mail)));
  await ses.fault({ kind: "accept-then-reset" });
  await sendgrid.fault({ kind: "reset-after-request" });
  statuses.push(show("the answers of both are lost", await server.send(mail)));
  await ses.fault({ kind: "unauthorized" });
  await sendgrid.fault({ kind: "suspended" });
  statuses.push(show("both keep us out", await server.send(mail)), show("GET /health", await server.health()));
  await Promise.all([ses.heal(), sendgrid.heal()]);
  server.program.signal("SIGTERM");
  await server.program.ended;
  return String(statuses) === "202,400,400,202,202,503,503";
}

/** Most of fifty requests are under way, and the rest come too late, when the server is told to stop. */
async function showShutdown(): Promise<boolean> {
  console.log("\nSIGTERM in the middle of 50 requests");
  await using slow = await startEsps({ latency: 500 });
  await using server = await Server.start(slow.environment, logged);
  const early = Array.from({ length: 30 }, () => server.send(mail));
  while (slow.ses.requests < 30) await sleep(10);
  server.program.signal("SIGTERM");
  await server.program.line(/no new requests/);
  const late = Array.from({ length: 20 }, () => server.send(mail));
  const replies = await Promise.allSettled([...early, ...late]);
  const code = await server.program.ended;

  const accepted = replies.flatMap((reply) =>
    reply.status === "fulfilled" && reply.value.status === 202 ? [String(reply.value.id)] : [],
  );
  const received = slow.received();
  const isWell = code === 0 && accepted.length >= 30 && String(accepted.toSorted()) === String(received.toSorted());
  console.log(`  ${accepted.length} got 202, ${replies.length - accepted.length} were turned away`);
  console.log(`  ${received.length} mails at the providers, of ${new Set(received).size} requests; exit code ${code}`);
  console.log(isWell ? "  No mail was lost, and none sent twice." : "  FAILED: a mail was lost, or sent twice.");
  return isWell;
}

function show(what: string, { status, retryAfter, body }: Reply): number {
  const wait = retryAfter === null ? "" : `Retry-After: ${retryAfter} `;
  console.log(`  ${what.padEnd(30)}${status} ${wait}${short(body)}`);
  return status;
}

/** Without the ends of ids, and of health what a reader looks for. */
function short(body: unknown): string {
  const leftOut: readonly string[] = ["since", "isolated", "share"];
  const text = JSON.stringify(body, (key, value) => (leftOut.includes(key) ? undefined : value));
  return text.replace(/(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "…").replace(/\d{4}-\d\d-\d\dT([\d:]+)\.\d+Z/g, "$1");
}

function logged(message: string): void {
  console.log(`    server: ${message}`);
}

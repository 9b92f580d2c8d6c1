/**
 * Shows what the alerts in `examples/alerts` tell people, while simulated providers break and heal.
 *
 *   npm run example:alerts
 *   CHAT_WEBHOOK_URL=https://hooks.slack.com/… npm run example:alerts     in your chat
 *
 * It ends with 0 if each incident was told once when it began, and once when it was over.
 */
import { once } from "node:events";
import http from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { createMailer, isSteadyMailError, type Mailer } from "steadymail";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { alertOn } from "./alerts/alert-on.ts";
import { chatWebhook, type Post } from "./alerts/chat-webhook.ts";
import { startEsps } from "./driving/esps.ts";

// With Node 20 the AWS SDK warns that it will ask for Node 22, in the midst of what is shown.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const mail = { from: "shop@example.com", to: "ada@example.org", subject: "Your order", text: "It is on its way." };
/** Everything goes faster than it should in production, ms. */
const breaker = { openFor: 300, maxOpenFor: 300, window: 2_000, slowStart: 300 };
const settle = 900;
const refuse = { kind: "refuse" } as const;

await using esps = await startEsps();
await using mailer = createMailer({
  providers: [ses(esps.ses.options), sendgrid(esps.sendgrid.options)],
  breaker,
  retry: { maxRounds: 1 },
});
const posts: string[] = [];
await using chat = await startChat();
const toChat = chatWebhook(process.env.CHAT_WEBHOOK_URL ?? chat.url);
const post: Post = async (words) => {
  await toChat(words);
  posts.push(words);
  console.log(`           chat: ${words}`);
};
using _alerts = alertOn(mailer, post, { settle });

console.log("Twenty mails a second through SES and, while SES cannot, SendGrid; both are simulated.\n");
using _traffic = startTraffic(mailer);
const told = [
  await during("SES refuses connections for a second", async () => {
    await esps.ses.fault(refuse);
    await sleep(1_000);
    await esps.ses.heal();
  }),
  await during("SES comes and goes, three times", async () => {
    for (let time = 0; time < 3; time += 1) {
      await esps.ses.fault(refuse);
      await sleep(500);
      await esps.ses.heal();
      await sleep(500);
    }
  }),
  await during("both refuse connections for a second", async () => {
    await Promise.all([esps.ses.fault(refuse), esps.sendgrid.fault(refuse)]);
    await sleep(1_000);
    await Promise.all([esps.ses.heal(), esps.sendgrid.heal()]);
  }),
  await during("a drill: for a second, SES is taken to have suspended the account", async () => {
    mailer.drill("ses", "suspended", { for: 1_000 });
    await sleep(1_000);
  }),
];
const isWell = String(told) === "2,2,6,2";
console.log(
  isWell ? "\nEach incident was told once, and once that it was over." : `\nFAILED: ${told} posts, not 2,2,6,2.`,
);
process.exitCode = isWell ? 0 : 1;

/** Returns how many posts there were of it. */
async function during(what: string, incident: () => Promise<void>): Promise<number> {
  const before = posts.length;
  console.log(`${new Date().toISOString().slice(11, 19)}  ▶ ${what}`);
  await incident();
  while (mailer.health().some(({ state }) => state !== "healthy")) await sleep(100);
  const limit = performance.now() + 30_000;
  while (!isOver(posts.slice(before)) && performance.now() < limit) await sleep(100);
  return posts.length - before;
}

/** Whether all that was told of has been told to be over. */
function isOver(told: readonly string[]): boolean {
  const ends = told.filter((words) => words.includes("🟢")).length;
  return ends > 0 && ends === told.length - ends;
}

function startTraffic(sender: Mailer): Disposable {
  const timer = setInterval(() => {
    sender.send(mail).catch((error: unknown) => {
      if (!isSteadyMailError(error)) throw error;
    });
  }, 50);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** A chat's webhook, which takes what it gets. */
async function startChat() {
  const server = http.createServer(async (request, response) => {
    await text(request);
    response.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

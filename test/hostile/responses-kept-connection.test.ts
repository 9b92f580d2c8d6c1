import { expect, it } from "vitest";
import { espNames, openMailer } from "../contract/support/esps.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { espNamed } from "../providers/esps.ts";
import { server, serverThat, stopTime } from "../wire/harness.ts";
import { idFrom, receipt } from "./response-support/answer.ts";
import { checkAll, loadSdks } from "./response-support/batches.ts";
import { converseAll, steps } from "./response-support/conversation.ts";
import { bytesOf } from "./response-support/wire-form.ts";
import { letter } from "./response-support/words.ts";

loadSdks();
silenceWarnings();

const count = 250;

it.each(espNames)(
  `%s may say more on a kept connection than it was asked, in ${count} conversations of three messages, and no message is told what was not said of it`,
  async (esp) => {
    stopTime();
    await checkAll(count, steps, (plans) => converseAll(esp, plans));
  },
  120_000,
);

it.each(espNames)("%s answers many messages at once, each twice, and each message has its own answer", async (esp) => {
  stopTime();
  const server = await serverThat(({ connection, body }) => {
    const id = /message-\d+/.exec(body.toString("latin1"))?.[0] ?? "";
    connection.stream.write(Buffer.concat([bytesOf(receipt(esp, id)), bytesOf(receipt(esp, "id-of-nobody"))]));
  });
  const mailer = openMailer({ providers: [espNamed(esp).create(server.url.origin)] });
  const ids = Array.from({ length: 120 }, (_, i) => `message-${i}`);

  const receipts = await Promise.all(ids.map((id) => mailer.send({ ...letter, subject: id })));

  expect(receipts.map(({ providerMessageId }) => providerMessageId)).toEqual(ids.map((id) => idFrom(esp, id)));
  expect(server.requests).toHaveLength(ids.length);
});

it.each(espNames)(
  "%s answers before it has read a long message, and the next is not taken for the rest of it",
  async (esp) => {
    stopTime();
    const early = await server({
      onReady({ stream }) {
        const number = early.connections.length;
        stream.once("data", () => {
          stream.pause();
          stream.write(bytesOf(receipt(esp, `id-${number}`)));
        });
      },
    });
    const mailer = openMailer({ providers: [espNamed(esp).create(early.url.origin)] });
    const attachments = [{ filename: "a.bin", content: new Uint8Array(10_000_000) }];

    const ids = [
      (await mailer.send({ ...letter, attachments })).providerMessageId,
      (await mailer.send(letter)).providerMessageId,
    ];

    expect(ids).toEqual([idFrom(esp, "id-1"), idFrom(esp, "id-2")]);
    expect(early.connections).toHaveLength(2);
  },
);

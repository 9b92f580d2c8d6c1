import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createMailer, isSteadyMailError, type Message, type SendOptions } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/index.ts";
import { adapterOf, openMailer, startEsp, useEsps } from "../contract/support/esps.ts";
import { arrivalOf, letter, missingOf } from "../contract/support/features.ts";
import { Crashes } from "./message-support/crashes.ts";

const esps = await useEsps();
const crashes = new Crashes();

describe("an address", () => {
  it.each(['"a<b"@example.org', { address: '"a<b"@example.org' }])(
    "whose quoted local part has an angle bracket is taken in a text and in parts (%#)",
    async (to) => {
      const arrived = await arrivalOf(esps, "mailjet", { ...letter, to });
      expect(arrived.to).toEqual([{ address: '"a<b"@example.org' }]);
    },
  );

  it("with a name in quotes keeps the blanks of the name", async () => {
    const arrived = await arrivalOf(esps, "sendgrid", { ...letter, to: '" Ada  Lovelace " <ada@example.org>' });
    expect(arrived.to).toEqual([{ name: " Ada  Lovelace ", address: "ada@example.org" }]);
  });

  it("with a blank of Unicode at the ends of its name keeps it at Mailgun", async () => {
    const to = { name: "\u00a0Ada\u3000", address: "ada@example.org" };
    expect((await arrivalOf(esps, "mailgun", { ...letter, to })).to).toEqual([to]);
  });
});

describe("a name that a form's reader would take for another", () => {
  it("keeps a header with a percent-encoded line break from Mailgun, where it would begin another header", async () => {
    const headers = { "X-%0D%0ABcc": "eve@example.net" };
    expect(await missingOf(esps, "mailgun", { ...letter, headers })).toEqual(["headers"]);
    expect((await arrivalOf(esps, "ses", { ...letter, headers })).headers).toEqual(Object.entries(headers));
  });

  it("keeps metadata and files with such names from Mailgun", async () => {
    const content = new Uint8Array(1);
    const parts: readonly (readonly [string, Partial<Message>])[] = [
      ["metadata", { metadata: { "a%22b": "1" } }],
      ["attachments", { attachments: [{ filename: "a%0d%0ab", content }] }],
      ["attachments", { attachments: [{ filename: "a", contentId: "a%22b", content }] }],
    ];
    for (const [field, part] of parts) {
      expect(await missingOf(esps, "mailgun", { ...letter, ...part })).toEqual([field]);
    }
  });
});

describe("what an ESP repeats of the options that were meant for it", () => {
  it("is not in the error", async () => {
    const esp = await startEsp("sendgrid");
    const mailer = openMailer({ providers: [adapterOf(esp)] });
    const file = { content: "QQ==", filename: "a", type: "a/b", disposition: "zorilla" };
    const error = await rejectionOf(mailer.send({ ...letter, providerOptions: { sendgrid: { attachments: [file] } } }));
    expect(error).toMatchObject({ kind: "rejected" });
    expect(JSON.stringify([error, String(error)])).not.toContain("zorilla");
  });
});

describe("options of a send", () => {
  const wrong: readonly (readonly [what: string, option: keyof SendOptions, value: unknown])[] = [
    ["a bigint", "onUnknown", 5n],
    ["an object without a prototype", "deadline", Object.create(null)],
    ["an object that throws when it is printed", "deadline", { toString: () => expect.unreachable("printed") }],
    ["a name with a line break", "only", ["x\r\nERROR"]],
    ["a name of a megabyte", "except", ["x".repeat(1_000_000)]],
    ["a list that is said to be endless", "require", new Array(2 ** 32 - 1)],
  ];

  it.each(wrong)("that are %s are refused in one line, by the name of the option", async (_what, option, value) => {
    const error = await rejectionOf(sendWith({ [option]: value }));
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    expect(Object(error).message).toMatch(new RegExp(`^options\\.${option} [^\\r\\n]{1,300}$`));
  });

  it("that throw when they are read are refused without the words that they throw", async () => {
    const options = {
      get id(): string {
        throw new Error("zorilla");
      },
    };
    const error = await rejectionOf(sendWith(options));
    expect(error).toBeInstanceOf(TypeError);
    expect(Object(error).message).toMatch(/^options\.id could not be read/);
    expect(String(error)).not.toContain("zorilla");
  });

  it("are read once", async () => {
    let reads = 0;
    const options = {
      get deadline(): number {
        reads += 1;
        return reads === 1 ? 1_000 : -1;
      },
    };
    expect(await sendWith(options)).toMatchObject({ provider: "memory" });
    expect(reads).toBe(1);
  });
});

describe("a promise of a text that is rejected", () => {
  const rejected = () => Promise.reject(new Error("the template failed"));

  it("does not end the process when the options are refused", async () => {
    await rejectionOf(sendWith({ id: "" }, rejected()));
    await setImmediate();
    expect(crashes.taken()).toEqual([]);
  });

  it("does not end the process when the mailer is closed, the signal aborted, or the deadline past", async () => {
    const mailer = openMailer({ providers: [memoryProvider()] });
    const kinds: unknown[] = [];
    const send = async (options: SendOptions) => {
      const error = await rejectionOf(mailer.send({ ...letter, text: rejected(), html: rejected() }, options));
      kinds.push(isSteadyMailError(error) && error.kind);
    };
    await send({ signal: AbortSignal.abort() });
    await send({ deadline: new Date(0) });
    await mailer.close();
    await send({});
    await setImmediate();
    expect(kinds).toEqual(["aborted", "unavailable", "closed"]);
    expect(crashes.taken()).toEqual([]);
  });
});

async function sendWith(options: unknown, text: unknown = "Thank you."): Promise<unknown> {
  const mailer = createMailer({ providers: [memoryProvider()] });
  try {
    return await Reflect.apply(mailer.send, mailer, [{ ...letter, text }, options]);
  } finally {
    await mailer.close();
  }
}

async function rejectionOf(sending: Promise<unknown>): Promise<unknown> {
  return sending.then(
    () => expect.unreachable("it was not rejected"),
    (error: unknown) => error,
  );
}

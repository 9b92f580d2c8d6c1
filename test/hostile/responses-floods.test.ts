import { expect, it, vi } from "vitest";
import type { EspName } from "../../src/testing/index.ts";
import { espNames, openMailer } from "../contract/support/esps.ts";
import { errorOf, failureWith, onlyFailure } from "../contract/support/verdicts.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { espNamed } from "../providers/esps.ts";
import { stopTime } from "../wire/harness.ts";
import { loadSdks } from "./response-support/batches.ts";
import { growthDuring, useFloods } from "./response-support/floods.ts";
import { letter } from "./response-support/words.ts";

const floods = useFloods();
loadSdks();
silenceWarnings();

const limit = 10_000;
const megabyte = 1_048_576;

/** So many messages at once to each ESP: what is kept of each answer counts as often. */
const atOnce = 8;

/** Far less than all the bodies together, and more than the answers' limit of 1 MB and the garbage of reading them. */
const mostMemory = 128 * megabyte;

/** What the client does not read, the system's buffers may take: some megabytes a connection. */
const mostPoured = 16 * megabyte;

async function failureIn(esp: EspName, flood: string) {
  const mailer = openMailer({
    providers: [espNamed(esp).create(floods.url(flood))],
    retry: { maxRounds: 1 },
    timeout: limit,
  });
  return onlyFailure(await errorOf(mailer.send(letter)));
}

const sendAll = (flood: string) =>
  Promise.all(espNames.flatMap((esp) => Array.from({ length: atOnce }, () => failureIn(esp, flood))));

it.each([
  ["ten-megabytes", { status: 200 }],
  ["ten-megabytes-of-json", { status: 200 }],
  ["a-length-of-petabytes", { status: 200 }],
  ["endless-chunks", { status: 200 }],
  ["endless-until-the-end-of-the-connection", { status: 200 }],
  ["endless-extension", { status: 200, code: "HPE_CHUNK_EXTENSIONS_OVERFLOW" }],
  ["endless-trailers", { status: 200, code: "HPE_HEADER_OVERFLOW" }],
  ["endless-headers", { code: "HPE_HEADER_OVERFLOW" }],
  ["endless-cookies", { code: "HPE_HEADER_OVERFLOW" }],
  ["one-endless-header", { code: "HPE_HEADER_OVERFLOW" }],
  ["an-endless-status-line", { code: "HPE_HEADER_OVERFLOW" }],
  ["a-bomb-in-gzip", { status: 200 }],
  ["a-bomb-in-a-bomb", { status: 200 }],
] as const)(
  "%s at many messages at once: bad-response, in bounded memory and after bounded reading",
  async (flood, rest) => {
    stopTime();
    const sending = sendAll(flood);
    const growth = await growthDuring(sending);

    for (const failure of await sending) expect(failure).toEqual(failureWith("bad-response", rest));
    expect(growth).toBeLessThan(mostMemory);
    expect(await floods.poured(flood)).toBeLessThan(espNames.length * atOnce * mostPoured);
  },
);

it.each(espNames)("chunks-of-a-byte from %s take no more memory than one of a megabyte", async (esp) => {
  stopTime();
  const sending = failureIn(esp, "chunks-of-a-byte");
  const growth = await growthDuring(sending);

  expect(await sending).toEqual(failureWith("bad-response", { status: 200 }));
  expect(growth).toBeLessThan(mostMemory);
});

it.each(["endless-interim-answers", "endless-line-breaks"])(
  "%s are read in bounded memory until the time limit, which ends them",
  async (flood) => {
    stopTime();
    const sending = failureIn("ses", flood);
    const growth = growthDuring(sending);
    while ((await floods.poured(flood)) < mostPoured) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(limit);

    expect(await sending).toEqual(failureWith("timeout", { code: "ETIMEDOUT" }));
    expect(await growth).toBeLessThan(mostMemory);
  },
);

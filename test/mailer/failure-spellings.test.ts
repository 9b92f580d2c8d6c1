import { describe, expect, it } from "vitest";
import { createMailer, isSteadyMailError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { letter } from "./support.ts";

/** What an error tells of a provider's words about a message with this subject. */
async function detailOf(subject: string, words: string): Promise<string | undefined> {
  const provider = memoryProvider({ script: [{ reason: "rejected", detail: words }] });
  const mailer = createMailer({ providers: [provider] });
  const error: unknown = await mailer.send({ ...letter, subject }).catch((thrown: unknown) => thrown);
  if (!isSteadyMailError(error)) throw error;
  const [attempt] = error.attempts;
  return attempt && attempt.outcome !== "accepted" ? attempt.failure.detail : undefined;
}

describe("a provider that repeats the subject in another spelling", () => {
  const subject = 'Grüße für "Ada" & Co';

  it.each([
    ["as it is", subject],
    ["with decimal entities", 'Gr&#252;&#223;e f&#252;r "Ada" & Co'],
    ["with hexadecimal entities", 'Gr&#xFC;&#xdf;e f&#xfc;r "Ada" & Co'],
    ["with named entities", "Grüße für &quot;Ada&quot; &amp; Co"],
    ["in a URL", encodeURIComponent(subject)],
    ["in JSON", JSON.stringify(subject).slice(1, -1)],
    ["in JSON of ASCII alone", 'Gr\\u00fc\\u00dfe f\\u00FCr \\"Ada\\" & Co'],
    ["in small letters", subject.toLowerCase()],
    ["over two lines", 'Grüße für\r\n "Ada" & Co'],
  ])("%s is not told", async (_, spelling) => {
    expect(await detailOf(subject, `Refused: ${spelling}.`)).toBe("Refused: [redacted].");
  });
});

describe("words that look like an escape but are none", () => {
  it.each([
    ["a percent sign", "Refused by 100 % of all rules"],
    ["bytes that are no UTF-8", "Refused %E0%A4 here"],
    ["a number beyond Unicode", "Refused &#1114112; and &#x110000; here"],
    ["an unknown name", "Refused &nbsp; here"],
  ])("stay as they are: %s", async (_, words) => {
    expect(await detailOf("Your order", words)).toBe(words);
  });
});

describe("very long words", () => {
  it("are cut, and end with a mark", async () => {
    const detail = await detailOf("Your order", "abc ".repeat(10_000));
    expect(detail).toMatch(/^abc abc .*…$/);
    expect(detail).toHaveLength(301);
  });

  it("tell nothing of a subject that their middle would cut in two", async () => {
    const subject = "A very private matter";
    const padding = "x".repeat(20_000 - 10);
    const detail = (await detailOf(subject, `${padding}${subject}`)) ?? "";
    expect(detail).not.toContain("private");
    expect(await detailOf(subject, `${subject} ${padding}${subject}`)).toMatch(/^\[redacted\] x+…$/);
  });
});

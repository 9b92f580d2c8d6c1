import emailAddresses from "email-addresses";
import fc from "fast-check";
import { decodeWords } from "postal-mime";
import { describe, expect, it } from "vitest";
import { encodeHeader } from "../../src/providers/encoded-word.ts";
import { asciiMailbox, utf8Mailbox } from "../../src/providers/mailbox.ts";

/** Texts as a message may have them: whole characters, no control characters. */
const text = fc
  .string({ unit: "grapheme", maxLength: 120 })
  .filter((value) => !/\p{Cc}|\p{Cs}|[\u2028\u2029]/u.test(value));

describe("encoded words", () => {
  it("are ASCII, of at most 75 characters each, and decode to the same text", () => {
    fc.assert(
      fc.property(text, (value) => {
        const encoded = encodeHeader(value);
        expect(encoded).toMatch(/^[ -~]*$/);
        if (encoded === value) return;
        for (const word of encoded.split(" ")) expect(word.length).toBeLessThanOrEqual(75);
        expect(decodeWords(encoded)).toBe(value);
      }),
    );
  });

  it("split no character between two words", () => {
    for (const word of encodeHeader("a😀".repeat(60)).split(" ")) {
      const bytes = Buffer.from(word.slice("=?UTF-8?B?".length, -2), "base64");
      expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).not.toThrow();
    }
  });

  it("leave ASCII as it is, and encode a tab", () => {
    expect(encodeHeader("<mailto:a@example.com?subject=x>, <https://example.com>")).toBe(
      "<mailto:a@example.com?subject=x>, <https://example.com>",
    );
    expect(encodeHeader("a\tb")).toBe("=?UTF-8?B?YQli?=");
  });
});

describe("a mailbox in a header", () => {
  const rows = [
    { name: undefined, ascii: "ada@example.org", utf8: "ada@example.org" },
    { name: "Ada Lovelace", ascii: "Ada Lovelace <ada@example.org>", utf8: "Ada Lovelace <ada@example.org>" },
    { name: "Lovelace, Ada", ascii: '"Lovelace, Ada" <ada@example.org>', utf8: '"Lovelace, Ada" <ada@example.org>' },
    {
      name: 'Ada "the" \\ Countess',
      ascii: '"Ada \\"the\\" \\\\ Countess" <ada@example.org>',
      utf8: '"Ada \\"the\\" \\\\ Countess" <ada@example.org>',
    },
    {
      name: "Müller (Einkauf)",
      ascii: "=?UTF-8?B?TcO8bGxlciAoRWlua2F1Zik=?= <ada@example.org>",
      utf8: '"Müller (Einkauf)" <ada@example.org>',
    },
    {
      name: "=?UTF-8?B?eA==?=",
      ascii: "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?= <ada@example.org>",
      utf8: "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?= <ada@example.org>",
    },
  ];

  it.each(rows)("with the name $name", ({ name, ascii, utf8 }) => {
    const mailbox = { name, address: "ada@example.org" };
    expect([asciiMailbox(mailbox), utf8Mailbox(mailbox)]).toEqual([ascii, utf8]);
  });

  it("is read back as the same name and address", () => {
    const names = text.filter((name) => name.trim() !== "" && name === name.trim() && !/ {2}|=\?/.test(name));
    fc.assert(
      fc.property(names, (name) => {
        for (const written of [
          asciiMailbox({ name, address: "a@example.org" }),
          utf8Mailbox({ name, address: "a@example.org" }),
        ]) {
          const [read] = emailAddresses.parseAddressList({ input: written, rfc6532: true }) ?? [];
          expect(decodeWords(read?.name ?? ""), written).toBe(name);
        }
      }),
    );
  });
});

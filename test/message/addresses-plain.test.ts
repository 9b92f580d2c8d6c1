import fc from "fast-check";
import { expect, it } from "vitest";
import { parseAddress } from "../../src/message/addresses.ts";

/** What is nearly or wholly an address of the plain kind, its limits and a little beyond them included. */
const local = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_+.-]{1,12}$/),
  fc.integer({ min: 60, max: 68 }).map((length) => "a".repeat(length)),
);
const label = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/),
  fc.constantFrom("xn--bcher-kva", "XN--a", "1", "42", "a-", "-a", "a_b", ""),
  fc.integer({ min: 61, max: 65 }).map((length) => "b".repeat(length)),
);
const domain = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
  fc.integer({ min: 120, max: 130 }).map((length) => `${"c.".repeat(length)}org`),
);
const address = fc.tuple(local, domain).map((parts) => parts.join("@"));

it("is read without the parser as the parser would read it", () => {
  fc.assert(
    // A comment is dropped, and only the parser knows comments.
    fc.property(address, (text) => {
      expect(addressIn(text)).toEqual(addressIn(`(by the parser) ${text}`));
    }),
    { numRuns: 2_000 },
  );
});

it("is read with a name before it as the parser would read it", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9]{1,8}( [A-Za-z0-9]{1,8})?$/), address, (name, text) => {
      expect(addressIn(`${name} <${text}>`)).toEqual(addressIn(`${name} (by the parser) <${text}>`));
    }),
    { numRuns: 2_000 },
  );
});

it("is taken in all its usual forms", () => {
  for (const text of ["a@b.co", "first.last+tag@mail.example.org", "x_y-z@1.example", `${"a".repeat(64)}@b.example`]) {
    expect(addressIn(text)).toEqual({ address: text });
  }
});

/** Nothing where it is refused: the words of a refusal may differ. */
function addressIn(text: string): unknown {
  const parsed = parseAddress(text);
  return "address" in parsed ? parsed.address : undefined;
}

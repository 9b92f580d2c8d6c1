import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../../src/message/addresses.ts";

function problemOf(value: unknown): string | undefined {
  const parsed = parseAddress(value);
  return "problem" in parsed ? parsed.problem : undefined;
}

describe("an address that is accepted", () => {
  it.each([
    ["ada@example.org", { address: "ada@example.org" }],
    ["  ada@example.org ", { address: "ada@example.org" }],
    ["<ada@example.org>", { address: "ada@example.org" }],
    ["Ada <ada@example.org>", { name: "Ada", address: "ada@example.org" }],
    ["Ada J. Lovelace <ada@example.org>", { name: "Ada J. Lovelace", address: "ada@example.org" }],
    ['"Lovelace, Ada" <ada@example.org>', { name: "Lovelace, Ada", address: "ada@example.org" }],
    ['"Ada \\"Q\\"" <ada@example.org>', { name: 'Ada "Q"', address: "ada@example.org" }],
    ["Zoë 😀 日本 <zoe@example.org>", { name: "Zoë 😀 日本", address: "zoe@example.org" }],
    ['"" <ada@example.org>', { address: "ada@example.org" }],
    ["ada@example.org (a comment)", { address: "ada@example.org" }],
    ["o'brien+tag=1@sub.example.co.uk", { address: "o'brien+tag=1@sub.example.co.uk" }],
    ['"ada lovelace"@example.org', { address: '"ada lovelace"@example.org' }],
    ["märy@example.org", { address: "märy@example.org" }],
    ["Ada@Example.ORG", { address: "Ada@Example.ORG" }],
  ])("%s", (text, expected) => {
    expect(parseAddress(text)).toEqual({ address: expected });
  });

  it("keeps an encoded word in a name as the text it is", () => {
    expect(parseAddress("=?utf-8?q?Ada?= <ada@example.org>")).toEqual({
      address: { name: "=?utf-8?q?Ada?=", address: "ada@example.org" },
    });
  });

  it("has its international domain in ASCII", () => {
    expect(parseAddress("ada@bücher.example")).toEqual({ address: { address: "ada@xn--bcher-kva.example" } });
    expect(parseAddress("太郎 <taro@日本。jp>")).toEqual({ address: { name: "太郎", address: "taro@xn--wgv71a.jp" } });
  });

  it("may come in parts, and its name may then hold any printable character", () => {
    const name = 'Lovelace, Ada "A." <x@y> (🎩);:';
    expect(parseAddress({ name, address: "ada@bücher.example" })).toEqual({
      address: { name, address: "ada@xn--bcher-kva.example" },
    });
    expect(parseAddress({ name: undefined, address: "ada@example.org" })).toEqual({
      address: { address: "ada@example.org" },
    });
    expect(parseAddress({ name: " ", address: "ada@example.org" })).toEqual({
      address: { address: "ada@example.org" },
    });
  });

  it("reaches every limit of length: 64 octets, labels of 63, 253 in all", () => {
    const label = "a".repeat(63);
    const domain = `${label}.${label}.${label}.${"b".repeat(61)}`;
    expect(domain).toHaveLength(253);
    expect(problemOf(`${"x".repeat(64)}@${domain}`)).toBeUndefined();
    expect(problemOf(`${"x".repeat(65)}@example.org`)).toBe("has more than 64 octets before the @");
    expect(problemOf(`${"é".repeat(33)}@example.org`)).toBe("has more than 64 octets before the @");
    expect(problemOf(`x@${domain}b`)).toBe("has an invalid domain");
    expect(problemOf(`x@a${label}.org`)).toBe("has an invalid domain");
  });

  it("is frozen", () => {
    const parsed = parseAddress({ name: "Ada", address: "ada@example.org" });
    expect("address" in parsed && Object.isFrozen(parsed.address)).toBe(true);
  });
});

describe("an address that is refused says why", () => {
  const several = /more than one address; give an array/;
  const quotes = /characters that need quotes/;
  const noDot = /domain without a dot/;
  const ip = /IP address as its domain/;
  it.each<[unknown, RegExp]>([
    ["", /^is empty$/],
    ["   ", /^is empty$/],
    ["ada", /^has no @$/],
    ['"Klaus" <>', /^has no @$/],
    ["Team: ada@example.org, bob@example.org;", /group of addresses/],
    ["undisclosed-recipients:;", /group of addresses|no @/],
    ["ada@example.org, bob@example.org", several],
    ["Ada <ada@example.org>, Bob <bob@example.org>", several],
    ["ada@example.org; bob@example.org", /several addresses are given as an array/],
    ["ada@example.org bob@example.org", /several addresses are given as an array/],
    ["ada@bob@example.org", /more than one @/],
    ["Lovelace, Ada <ada@example.org>", quotes],
    ["Ada [team] <ada@example.org>", quotes],
    ["Ada @home <ada@example.org>", quotes],
    ["Shop: Orders <ada@example.org>", quotes],
    ["ada..l@example.org", /form that RFC 5322 knows/],
    ["Ada <ada@example.org", /form that RFC 5322 knows/],
    ["Ada ada@example.org", /form that RFC 5322 knows/],
    ["ada@example.org,", /form that RFC 5322 knows/],
    ["ada@localhost", noDot],
    ["ada@[127.0.0.1]", ip],
    ["ada@[IPv6:::1]", ip],
    ["ada@127.0.0.1", ip],
    ["ada@-example.org", /invalid domain/],
    ["ada@example-.org", /invalid domain/],
    ["ada@exa_mple.org", /invalid domain/],
    ["ada@ex%41mplé.org", /invalid domain/],
    ["ada@é/x.org", /invalid domain/],
    ["ada@℀.org", /invalid domain/],
    ["ada@xn--a.org", /invalid domain/],
    [`${"(".repeat(50)}@`, /too many parentheses/],
    [`${"a".repeat(990)}@example.org`, /longer than 998/],
    ["Ada\r\nBcc: eve@example.org <ada@example.org>", /line break/],
    ["ada@example.org\n", /line break/],
    ["Ada\0 <ada@example.org>", /NUL/],
    ["Ada\t <ada@example.org>", /control character/],
    ["Ada\u007f <ada@example.org>", /control character/],
    ["Ada \ud83d <ada@example.org>", /half of a surrogate pair/],
    [undefined, /must be an address/],
    [null, /must be an address/],
    [42, /must be an address/],
    [["ada@example.org"], /must be an address/],
    [{}, /must have an address that is a string/],
    [{ email: "ada@example.org" }, /must have an address that is a string/],
    [{ address: "ada@example.org", nmae: "Ada" }, /fields other than name and address/],
    [{ address: "ada@example.org", name: 7 }, /name that is not a string/],
    [{ address: "ada@example.org", name: "Ada\r\nBcc: x" }, /name that holds a line break/],
    [{ address: "ada@example.org", name: "A".repeat(999) }, /name of more than 998/],
    [{ address: "Ada <ada@example.org>" }, /more than the bare address/],
    [{ address: "<ada@example.org>" }, /more than the bare address/],
    [{ address: "" }, /is empty/],
  ])("%j", (value, expected) => {
    expect(problemOf(value)).toMatch(expected);
  });

  it("also where reading it throws", () => {
    const throwing = {
      get address() {
        throw new RangeError("secret");
      },
    };
    expect(problemOf(throwing)).toMatch(/could not be read/);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(problemOf(proxy)).toMatch(/could not be read/);
  });

  it("never with the value", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ,;:<>()@"\\[\].é-]{1,40}$/), (junk) => {
        const canary = "canary7";
        for (const value of [`${canary}${junk}`, `${junk}${canary}`, { name: canary, address: junk }]) {
          expect(problemOf(value) ?? "").not.toContain(canary);
        }
      }),
    );
  });
});

it("what was accepted is accepted again as it came out, unchanged", () => {
  const part = fc.stringMatching(/^[A-Za-zé日 ."'+(),<@-]{1,12}$/);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.emailAddress(),
        fc.tuple(part, fc.emailAddress()).map(([a, b]) => `${a} <${b}>`),
        part,
      ),
      (text) => {
        const parsed = parseAddress(text);
        if ("address" in parsed) expect(parseAddress(parsed.address)).toEqual(parsed);
      },
    ),
  );
});

it("common addresses are all accepted", () => {
  fc.assert(
    fc.property(fc.emailAddress(), (address) => {
      expect(parseAddress(address)).toEqual({ address: { address } });
    }),
  );
});

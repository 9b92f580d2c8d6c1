import { describe, expect, it } from "vitest";
import { Place, Problems } from "../../src/message/problems.ts";
import { parseUnsubscribe } from "../../src/message/unsubscribe.ts";
import { faultsWith, prepareWith } from "./preparing.ts";

/** The headers of a prepared message that has this `unsubscribe`. */
async function headersWith(unsubscribe: unknown) {
  const { headers } = await prepareWith({ unsubscribe });
  return headers;
}

/** What stands in `List-Unsubscribe`. */
async function listedFor(unsubscribe: unknown): Promise<string | undefined> {
  return (await headersWith(unsubscribe)).find(([name]) => name === "List-Unsubscribe")?.[1];
}

describe("unsubscribe", () => {
  it("writes both headers of RFC 8058", async () => {
    expect(await headersWith({ url: "https://example.com/u?t=1" })).toEqual([
      ["List-Unsubscribe", "<https://example.com/u?t=1>"],
      ["List-Unsubscribe-Post", "List-Unsubscribe=One-Click"],
    ]);
  });

  it("lists the URL first, since clients take the first that they know", async () => {
    const unsubscribe = { url: "https://example.com/u", mailto: "stop@example.com" };

    expect(await listedFor(unsubscribe)).toBe("<https://example.com/u>, <mailto:stop@example.com>");
  });

  it("comes after the caller's headers", async () => {
    const { headers } = await prepareWith({
      headers: { "X-Campaign": "spring" },
      unsubscribe: { url: "https://example.com/u" },
    });

    expect(headers.map(([name]) => name)).toEqual(["X-Campaign", "List-Unsubscribe", "List-Unsubscribe-Post"]);
  });

  it.each([false, undefined])("writes nothing if it is %s", async (unsubscribe) => {
    expect(await headersWith(unsubscribe)).toEqual([]);
  });

  it("is taken from the defaults", async () => {
    const { headers } = await prepareWith({}, { defaults: { unsubscribe: { url: "https://example.com/u" } } });

    expect(headers).toHaveLength(2);
  });

  it("is turned off by false where the defaults have one", async () => {
    const defaults = { unsubscribe: { url: "https://example.com/u" } };
    const { headers } = await prepareWith({ unsubscribe: false }, { defaults });

    expect(headers).toEqual([]);
  });

  it.each(["List-Unsubscribe", "list-unsubscribe-post"])("is refused beside a header %s", async (name) => {
    const message = { headers: { [name]: "<https://example.com/u>" }, unsubscribe: { url: "https://example.com/u" } };

    expect(await faultsWith(message)).toEqual([expect.stringMatching(/^unsubscribe: .*leave one of them out/)]);
  });

  it("is refused beside a header of the defaults too", async () => {
    const defaults = { headers: { "List-Unsubscribe": "<https://example.com/u>" } };

    expect(await faultsWith({ unsubscribe: { url: "https://example.com/u" } }, { defaults })).toHaveLength(1);
  });

  it("leaves a header of the caller's alone if it is false", async () => {
    const headers = { "List-Unsubscribe": "<https://example.com/u>" };

    expect(await faultsWith({ headers, unsubscribe: false })).toEqual([]);
  });

  it.each([
    [true, "unsubscribe: must be an object"],
    [null, "unsubscribe: must be an object"],
    ["https://example.com/u", "unsubscribe: must be an object"],
    [{}, "unsubscribe.url: is missing"],
    [{ mailto: "stop@example.com" }, "unsubscribe.url: is missing"],
    [{ url: new URL("https://example.com") }, "unsubscribe.url: must be a string"],
    [{ url: "https://example.com", mailto: 1 }, "unsubscribe.mailto: must be a string"],
    [{ url: "https://example.com", mail: "stop@example.com" }, "unsubscribe.mail: is not a known field"],
  ])("is refused as %j", async (unsubscribe, problem) => {
    const faults = await faultsWith({ unsubscribe });

    expect(faults).toEqual([expect.stringContaining(problem)]);
  });
});

describe("an unsubscribe that cannot be read", () => {
  const boom = (): never => {
    throw new Error("ada@example.org");
  };

  it.each([
    [
      "a property that throws",
      () => Object.defineProperty({}, "url", { get: boom, enumerable: true }),
      "unsubscribe.url",
    ],
    ["a proxy that hides what it has", () => new Proxy({}, { ownKeys: boom }), "unsubscribe"],
    ["a revoked proxy", () => revoked(), "unsubscribe"],
    ["an array", () => ["https://example.com/u"], "unsubscribe"],
  ])("is refused as %s", async (_what, make, path) => {
    const faults = await faultsWith({ unsubscribe: make() });

    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatch(new RegExp(`^${path}[:.]`));
    expect(faults.join()).not.toContain("ada");
  });

  it("is read once", async () => {
    const urls = ["https://example.com/1", "http://example.com/2"];
    const unsubscribe = Object.defineProperty({}, "url", { get: () => urls.shift(), enumerable: true });

    expect(await listedFor(unsubscribe)).toBe("<https://example.com/1>");
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("the URL of unsubscribe", () => {
  it.each([
    ["a host in another script", "https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"],
    ["a comma", "https://example.com/a,b?c=d,e", "https://example.com/a%2Cb?c=d%2Ce"],
    [
      "what looks like an encoded word in its query",
      "https://example.com/?a=?UTF-8?Q?b?=",
      "https://example.com/?a=%3FUTF-8%3FQ%3Fb%3F=",
    ],
    ["an = before its query", "https://example.com/a=?b", "https://example.com/a%3D?b"],
    ["a port", "https://example.com:8443/u", "https://example.com:8443/u"],
    ["no path", "https://example.com", "https://example.com/"],
    ["quotes", `https://example.com/"'?"'`, "https://example.com/%22'?%22%27"],
    ["percent-encoded characters", "https://example.com/%3C%20%2C%3E", "https://example.com/%3C%20%2C%3E"],
    ["single braces", "https://example.com/?{a}", "https://example.com/?{a}"],
  ])("may have %s", async (_what, url, arrives) => {
    expect(await listedFor({ url })).toBe(`<${arrives}>`);
  });

  it.each([
    ["http", "http://example.com/u", "https"],
    ["another scheme", "mailto:stop@example.com", "https"],
    ["no scheme", "example.com/u", "https"],
    ["no host", "https://", "https"],
    ["nothing", "", "https"],
    ["a name in it", "https://ada@example.com/u", "name or password"],
    ["a password in it", "https://:secret@example.com/u", "name or password"],
    ["a fragment", "https://example.com/#/u/1", "fragment"],
    ["an empty fragment", "https://example.com/u#", "fragment"],
    ["a blank within", "https://example.com/a b", "blank"],
    ["a blank at its end", "https://example.com/u ", "blank"],
    ["brackets around it", "<https://example.com/u>", "angle bracket"],
    ["a second URL", "https://example.com/u>, <https://example.org/", "angle bracket"],
    ["a line break", "https://example.com/\r\nBcc: eve@example.org", "line break"],
    ["a tab, which URLs drop", "https://example.com/\tu", "control character"],
    ["half of a surrogate pair", "https://example.com/\ud800", "surrogate"],
  ])("is refused with %s", async (_what, url, problem) => {
    const faults = await faultsWith({ unsubscribe: { url } });

    expect(faults).toEqual([expect.stringMatching(/^unsubscribe\.url: /)]);
    expect(faults[0]).toContain(problem);
    if (url !== "") expect(faults[0]).not.toContain(url);
  });
});

describe("the mailto of unsubscribe", () => {
  const listed = async (mailto: string) => {
    const value = await listedFor({ url: "https://example.com/", mailto });
    return value?.replace("<https://example.com/>, ", "");
  };

  it.each([
    ["an address", "stop+1@example.com", "mailto:stop+1@example.com"],
    ["an address in another script after the @", "stop@bücher.example", "mailto:stop@xn--bcher-kva.example"],
    ["what means something in a URI before the @", "a=?b%c&d@example.com", "mailto:a%3D%3Fb%25c%26d@example.com"],
    ["a mailto: URI", "mailto:stop@example.com", "mailto:stop@example.com"],
    ["a mailto: URI in other case", "MAILTO:stop@example.com", "mailto:stop@example.com"],
    ["a percent-encoded address", "mailto:a%3Db@example.com", "mailto:a%3Db@example.com"],
    [
      "a subject and a body",
      "mailto:stop@example.com?subject=stop%20it&body=1",
      "mailto:stop@example.com?subject=stop%20it&body=1",
    ],
  ])("may be %s", async (_what, mailto, arrives) => {
    expect(await listed(mailto)).toBe(`<${arrives}>`);
  });

  it.each([
    ["no address", "stop", "has no @"],
    ["an address with a name", "Shop <stop@example.com>", "more than the bare address"],
    ["letters outside ASCII before the @", "grüße@example.com", "ASCII"],
    ["quotes before the @", '"a..b"@example.com', "quotes"],
    ["two addresses", "mailto:a@example.com,b@example.com", "more than one"],
    ["a further recipient", "mailto:a@example.com?cc=b@example.com", "subject and a body"],
    ["a blank in its subject", "mailto:a@example.com?subject=stop it", "subject and a body"],
    ["a comma in its subject", "mailto:a@example.com?subject=a,b", "subject and a body"],
    ["a bracket in its subject", "mailto:a@example.com?subject=a>b", "subject and a body"],
    ["a broken escape in its subject", "mailto:a@example.com?subject=%2", "subject and a body"],
    ["a line break", "a@example.com\r\nBcc: eve@example.org", "line break"],
    ["another scheme", "https://example.com/u", ""],
  ])("is refused with %s", async (_what, mailto, problem) => {
    const faults = await faultsWith({ unsubscribe: { url: "https://example.com/", mailto } });

    expect(faults).toEqual([expect.stringMatching(/^unsubscribe\.mailto: /)]);
    expect(faults[0]).toContain(problem);
    expect(faults[0]).not.toContain(mailto);
  });
});

describe("placeholders of unsubscribe in a single send", () => {
  it.each([
    { url: "https://example.com/u?t={{token}}" },
    { url: "{{url}}" },
    { url: "https://example.com/", mailto: "stop+{{token}}@example.com" },
  ])("are refused in $url $mailto, and sendBulk is named", async (unsubscribe) => {
    expect(await faultsWith({ unsubscribe })).toEqual([expect.stringMatching(/^unsubscribe: .*sendBulk/)]);
  });

  it("are refused where they are none", async () => {
    expect(await faultsWith({ unsubscribe: { url: "https://example.com/{{1}}" } })).toEqual([
      expect.stringMatching(/^unsubscribe\.url: .*placeholder/),
    ]);
  });
});

/** What becomes of `unsubscribe` with placeholders: the problems that all recipients share, or the variables and the rest. */
function parse(unsubscribe: unknown) {
  const problems = new Problems();
  const parsed = parseUnsubscribe(unsubscribe, new Place(problems).key("unsubscribe"));
  return { parsed, problems: problems.list().map(({ path, message }) => `${path}: ${message}`) };
}

/** `List-Unsubscribe` of a recipient with these variables, or the problem that there is with them. */
function filled(unsubscribe: unknown, variables: Readonly<Record<string, string>>): string | undefined {
  const { parsed, problems } = parse(unsubscribe);
  expect(problems).toEqual([]);
  const result = parsed?.fill(new Map(Object.entries(variables)));
  if (result === undefined || "problem" in result) return result?.problem;
  expect(result.value[1]).toEqual(["List-Unsubscribe-Post", "List-Unsubscribe=One-Click"]);
  return result.value[0]?.[1];
}

describe("unsubscribe with a recipient's variables", () => {
  it("percent-encodes what stands within the URL", () => {
    const unsubscribe = { url: "https://example.com/{{list}}?t={{ token }}&l={{list}}" };

    expect(filled(unsubscribe, { list: "a/b", token: 'é?&=#<>,"{{list}}\r\n' })).toBe(
      "<https://example.com/a%2Fb?t=%C3%A9%3F%26%3D%23%3C%3E%2C%22%7B%7Blist%7D%7D%0D%0A&l=a%2Fb>",
    );
  });

  it("percent-encodes what stands within the mailto", () => {
    const unsubscribe = { url: "https://example.com/", mailto: "mailto:stop+{{t}}@example.com?subject={{t}}" };

    expect(filled(unsubscribe, { t: "a=b" })).toBe(
      "<https://example.com/>, <mailto:stop+a%3Db@example.com?subject=a%3Db>",
    );
  });

  it("takes the value as the URL where there is nothing else", () => {
    expect(filled({ url: "{{url}}" }, { url: "https://bücher.example/u,1?t=a%20b" })).toBe(
      "<https://xn--bcher-kva.example/u%2C1?t=a%20b>",
    );
  });

  it("takes the value as the address where there is nothing else", () => {
    const unsubscribe = { url: "https://example.com/", mailto: "{{address}}" };

    expect(filled(unsubscribe, { address: "stop@example.net" })).toBe(
      "<https://example.com/>, <mailto:stop@example.net>",
    );
  });

  it.each([
    ["http://example.com/secret", "https"],
    ["secret", "https"],
    ["", "https"],
    ["https://ada:secret@example.com/", "name or password"],
    ["https://example.com/secret\r\nBcc: eve@example.org", "line break"],
    ["https://example.com/>, <https://secret.example/", "angle bracket"],
    ["https://example.com/#secret", "fragment"],
  ])("refuses %j as the URL, without saying it", (url, problem) => {
    const told = filled({ url: "{{url}}" }, { url });

    expect(told).toContain(problem);
    expect(told).not.toContain("secret");
  });

  it.each(["a b", "a@eve.example", 'a" <eve@eve.example>', "a,eve", "é", "a\r\n", "x".repeat(65)])(
    "refuses %j within an address, without saying it",
    (token) => {
      const told = filled({ url: "https://example.com/", mailto: "{{token}}@example.com" }, { token });

      expect(told).not.toContain("mailto:");
      expect(told).not.toContain(token);
    },
  );

  it("refuses a value that cannot be encoded", () => {
    expect(filled({ url: "https://example.com/{{token}}" }, { token: "\ud800" })).toContain("surrogate");
  });

  it("names each variable once", () => {
    const { parsed } = parse({ url: "https://example.com/{{a}}/{{b}}/{{a}}", mailto: "{{b}}+{{c}}@example.com" });

    expect(parsed?.names).toEqual(["a", "b", "c"]);
  });

  it.each([
    ["its scheme", { url: "{{scheme}}://example.com/" }, "unsubscribe.url"],
    ["its host", { url: "https://{{host}}/u" }, "unsubscribe.url"],
    ["a part of its host", { url: "https://example.com{{path}}" }, "unsubscribe.url"],
    ["its port", { url: "https://example.com:{{port}}/" }, "unsubscribe.url"],
    ["a name before its host", { url: "https://{{name}}@example.com/" }, "unsubscribe.url"],
    ["the domain of its address", { url: "https://example.com/", mailto: "stop@{{d}}.example" }, "unsubscribe.mailto"],
    [
      "a field of its mailto",
      { url: "https://example.com/", mailto: "mailto:a@b.example?{{f}}=1" },
      "unsubscribe.mailto",
    ],
  ])("is refused with a placeholder as %s", (_what, unsubscribe, path) => {
    expect(parse(unsubscribe).problems).toEqual([expect.stringMatching(new RegExp(`^${path}: `))]);
  });

  it("has no headers and no variables if it is false", () => {
    const { parsed } = parse(false);

    expect(parsed?.names).toEqual([]);
    expect(parsed?.fill(new Map())).toEqual({ value: [] });
  });
});

import { describe, expect, it } from "vitest";
import { parseBaseUrl } from "../../src/wire/base-url.ts";

describe("a base URL", () => {
  it.each([
    ["https://api.example.com", "https://api.example.com/"],
    ["https://api.example.com:8443/proxy/v3", "https://api.example.com:8443/proxy/v3"],
    ["HTTPS://API.EXAMPLE.COM", "https://api.example.com/"],
    ["https://10.0.0.1", "https://10.0.0.1/"],
    ["http://127.0.0.1:3000", "http://127.0.0.1:3000/"],
    ["http://127.1", "http://127.0.0.1/"],
    ["http://localhost:3000/x", "http://localhost:3000/x"],
    ["http://[::1]:3000", "http://[::1]:3000/"],
  ])("%s is taken", (value, href) => {
    expect(parseBaseUrl(value, "baseUrl").href).toBe(href);
  });

  it.each([
    ["", /absolute URL/],
    ["api.example.com", /absolute URL/],
    ["//api.example.com", /absolute URL/],
    ["ftp://api.example.com", /https:.*ftp:/],
    ["file:///etc/passwd", /https:.*file:/],
    ["https://user@api.example.com", /credentials/],
    ["https://user:pass@api.example.com", /credentials/],
    ["https://api.example.com?key=1", /query/],
    ["https://api.example.com#top", /fragment/],
    ["http://api.example.com", /https:.*api\.example\.com/],
    ["http://127.0.0.1.example.com", /https:/],
    ["http://localhost.example.com", /https:/],
    ["http://[::2]", /https:/],
    ["http://128.0.0.1", /https:/],
  ])("%s is refused with a TypeError that says what is wrong", (value, why) => {
    expect(() => parseBaseUrl(value, "baseUrl")).toThrow(TypeError);
    expect(() => parseBaseUrl(value, "baseUrl")).toThrow(why);
  });

  it.each([undefined, null, 42, {}, new URL("https://api.example.com")])(
    "%s is refused, since it is no string",
    (value) => {
      // As a caller without types would.
      expect(() => Reflect.apply(parseBaseUrl, undefined, [value])).toThrow(TypeError);
    },
  );

  it.each([
    "https://CANARY:CANARY@api.example.com",
    "CANARY",
    "https://api.example.com?CANARY",
    "https://CANARY CANARY",
  ])("is never repeated in the error: %s", (value) => {
    expect(() => parseBaseUrl(value, "baseUrl")).toThrow(
      expect.not.objectContaining({ message: expect.stringMatching(/canary/i) }),
    );
  });
});

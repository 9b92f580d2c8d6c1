import fc from "fast-check";
import type { OptionsEffect } from "./letter.ts";
import { literals, oneOf, own, throwingAt } from "./presentations.ts";
import { accepted, refused, type Specimen } from "./specimen.ts";
import { canary } from "./texts.ts";

type Values = Readonly<Record<string, unknown>>;

function having(effect: OptionsEffect, ...kinds: readonly Values[]): fc.Arbitrary<Specimen<OptionsEffect>> {
  return fc.tuple(fc.nat({ max: kinds.length - 1 }), oneOf(literals)).map(([index, [how, present]]) => {
    const make: Specimen["make"] = (watch) => present(own(kinds[index] ?? {}), watch);
    return accepted(`options that do ${effect}, number ${index}, ${how}`, make, effect);
  });
}

const all = (options: unknown): Values => ({ ses: options, sendgrid: options, mailgun: options, mailjet: options });

/** An object as JSON makes it, with `__proto__` as a name of its own. */
const polluting = (): unknown => JSON.parse('{"a":{"b":[{"__proto__":{"polluted":true}}]}}');

const harmless = having("nothing", {}, all(undefined), all({}), {
  ses: { ConfigurationSetName: canary },
  sendgrid: { ip_pool_name: canary },
  mailgun: { "o:dkim": "no" },
  mailjet: { URLTags: canary },
});

/** Recipients, sandbox switches, and the id of the send. */
const forbidden = having(
  "forbidden",
  {
    ses: { Destination: { BccAddresses: ["eve@example.net"] } },
    sendgrid: { personalizations: [{ to: [{ email: "eve@example.net" }] }] },
    mailgun: { bcc: "eve@example.net" },
    mailjet: { Bcc: [{ Email: "eve@example.net" }] },
  },
  {
    ses: { destination: { to: 1 } },
    sendgrid: { mailSettings: { SandboxMode: { enable: true } } },
    mailgun: { "h:BCC": "eve@example.net" },
    mailjet: { SANDBOXMODE: true },
  },
  {
    ses: { EmailTags: [{ Name: "Steadymail-Id", Value: "x" }] },
    sendgrid: { custom_args: { "steadymail-id": "x" } },
    mailgun: { "v:steadymail-id": "x" },
    mailjet: { CustomID: "x" },
  },
);

/** What only the ESP can judge. Whatever comes of it, the recipients stay who they are. */
const strange = having(
  "strange",
  all({ constructor: { prototype: { polluted: true } }, prototype: { polluted: true }, toString: canary }),
  all({ "X-Note\r\nBcc: eve@example.net": `${canary}\r\nBcc: eve@example.net` }),
  all({ a: { b: { c: [canary, null, 5, true, new Date(0), new Uint8Array(3), new Blob([canary])] } } }),
  all({ headers: { "X-Note": `${canary}\r\nBcc: eve@example.net` }, "h:X-Note": `a\r\nBcc: eve@example.net` }),
  {
    sendgrid: { attachments: [{ content: "QQ==", filename: "a", type: "a/b", disposition: canary }] },
    mailgun: { "o:tracking": canary },
    mailjet: { TemplateErrorReporting: { Email: canary }, TemplateLanguage: true },
    ses: { FromEmailAddress: `<${canary}>` },
  },
  all({ "": "", toJSON: canary, length: 5, hasOwnProperty: 1 }),
  all({ from: canary, From: canary, FromEmailAddress: canary, Content: canary, content: 5 }),
  all(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`o:${index}`, canary]))),
);

const invalid: fc.Arbitrary<Specimen<OptionsEffect>> = fc.constantFrom(
  refused("options for nobody", () => ({ constructor: {} }), ".constructor"),
  refused("options for nobody, whose name is a line", () => ({ "ses\r\n": {} }), "[0]"),
  refused(
    "options that would pollute",
    () => ({ ses: JSON.parse('{"__proto__":{"polluted":true}}') }),
    ".ses.__proto__",
  ),
  refused("options that would pollute deep down", () => ({ mailgun: polluting() }), ".mailgun.a.b[0].__proto__"),
  refused("options by __proto__", () => JSON.parse('{"__proto__":{"ses":{}}}'), ".__proto__"),
  refused("a function", () => ({ sendgrid: { a: () => canary } }), ".sendgrid.a"),
  refused("a symbol", () => ({ sendgrid: { a: [Symbol(canary)] } }), ".sendgrid.a[0]"),
  refused("a number that is none", () => ({ mailjet: { a: Number.NaN } }), ".mailjet.a"),
  refused("a Map", () => ({ mailjet: { a: new Map() } }), ".mailjet.a"),
  refused("half a pair", () => ({ mailjet: { a: `${canary}\ud800` } }), ".mailjet.a"),
  refused(
    "what is part of itself",
    () => {
      const loop: Record<string, unknown> = {};
      loop.a = loop;
      return { ses: loop };
    },
    ".ses.a",
  ),
  refused("options that throw", () => ({ ses: throwingAt({ a: 1 }, "a") }), ".ses.a"),
  refused("options that are a text", () => ({ ses: canary }), ".ses"),
  refused("options that are a list", () => ({ ses: [canary] }), ".ses"),
  refused("a text", () => canary),
  refused("a list", () => [canary]),
  refused("a Map of options", () => new Map([["ses", {}]])),
);

export const providerOptions: fc.Arbitrary<Specimen<OptionsEffect>> = fc.oneof(
  { weight: 3, arbitrary: harmless },
  { weight: 2, arbitrary: forbidden },
  { weight: 3, arbitrary: strange },
  { weight: 2, arbitrary: invalid },
);

import { useEsps } from "./support/esps.ts";
import { describeFeatures, type Feature } from "./support/features.ts";

const people = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => ({ address: `${prefix}${index}@example.org` }));

const namesOfInterest: readonly (readonly [what: string, name: string])[] = [
  ["letters outside ASCII", "Bücher & Söhne"],
  ["another script", "山田太郎"],
  ["an emoji", "Ada 😀"],
  ["an emoji of several code points", "👩‍👩‍👧 Familie"],
  ["a comma", "Lovelace, Ada"],
  ["a semicolon", "Ada; Charles"],
  ["quotes inside", 'Ada "Countess" Lovelace'],
  ["quotes around it", '"Ada"'],
  ["quotes around it and a comma", '"Lovelace, Ada"'],
  ["a backslash", "Ada \\ Charles"],
  ["parentheses and angle brackets", "Ada (<Countess>)"],
  ["an apostrophe and dots", "Dr. O'Brien Jr."],
  ["the form of an address", "ada@example.com"],
  ["the form of an encoded word", "=?UTF-8?B?SGk=?="],
  ["a colon", "Re: Ada"],
  ["two spaces between words", "Ada  Lovelace"],
  ["120 letters of ASCII", "Abcdefghi ".repeat(12).trim()],
  ["60 letters outside ASCII, more than one encoded word can hold", "Ä".repeat(60)],
  ["emoji where an encoded word would end", `${"x".repeat(44)}😀😀`],
];

/** The same mailbox at every place where there can be one. */
function everywhere(mailbox: { readonly name?: string; readonly address: string }) {
  return { from: mailbox, to: [mailbox], bcc: [], replyTo: [mailbox] };
}

const names: readonly Feature[] = namesOfInterest.map(([what, name]) => {
  const places = {
    from: { name, address: "from@example.com" },
    to: [{ name, address: "to@example.org" }],
    cc: [{ name, address: "cc@example.org" }],
    bcc: [{ name, address: "bcc@example.org" }],
    replyTo: [{ name, address: "reply@example.org" }],
  };
  return { what: `names with ${what}`, message: places, arrives: places };
});

const addresses: readonly Feature[] = [
  { what: "a plain letter", message: {} },
  {
    what: "a sender without a name",
    message: { from: "orders@example.com" },
    arrives: { from: { address: "orders@example.com" } },
  },
  {
    what: "a sender in parts",
    message: { from: { name: "The Shop", address: "orders@example.com" } },
    arrives: { from: { name: "The Shop", address: "orders@example.com" } },
  },
  {
    what: "one address in each list",
    message: { to: "to@example.org", cc: "cc@example.org", bcc: "bcc@example.org", replyTo: "reply@example.org" },
    arrives: {
      to: [{ address: "to@example.org" }],
      cc: [{ address: "cc@example.org" }],
      bcc: [{ address: "bcc@example.org" }],
      replyTo: [{ address: "reply@example.org" }],
    },
  },
  {
    what: "several recipients in each list, in their order",
    message: { to: people(5, "to"), cc: people(4, "cc"), bcc: people(3, "bcc") },
    arrives: { to: people(5, "to"), cc: people(4, "cc"), bcc: people(3, "bcc") },
  },
  {
    what: "named recipients as headers write them",
    message: { to: ["Ada <ada@example.org>", '"Babbage, Charles" <charles@example.org>'] },
    arrives: {
      to: [
        { name: "Ada", address: "ada@example.org" },
        { name: "Babbage, Charles", address: "charles@example.org" },
      ],
    },
  },
  {
    // Mailjet has one ReplyTo.
    what: "several addresses to reply to",
    message: { replyTo: ["Ada <ada@example.org>", "charles@example.org"] },
    arrives: { replyTo: [{ name: "Ada", address: "ada@example.org" }, { address: "charles@example.org" }] },
    refused: { mailjet: ["replyTo"] },
  },
  {
    what: "domains in other scripts, in ASCII on the way",
    message: everywhere({ address: "info@bücher.example" }),
    arrives: everywhere({ address: "info@xn--bcher-kva.example" }),
  },
  ...[
    ["a plus", "ada+orders@example.org"],
    ["an apostrophe", "o'brien@example.org"],
    ["every special character that needs no quotes", "!#$%&'*+/=?^_`{|}~-@example.org"],
    ["capitals", "Ada.Lovelace@Example.ORG"],
    ["a quoted local part with a space", '"ada lovelace"@example.org'],
    ["a quoted local part with an @", '"ada@home"@example.org'],
    ["a quoted local part with escaped quotes", '"ada\\"l\\\\"@example.org'],
    ["a domain of many labels", "ada@a.b.c.d.example.org"],
  ].map(([what, address = ""]) => ({
    what: `addresses with ${what}`,
    message: everywhere({ name: "Ada", address }),
    arrives: everywhere({ name: "Ada", address }),
  })),
  ...(["from", "to", "cc", "bcc", "replyTo"] as const).map((field): Feature => {
    // Needs SMTPUTF8, which only Mailjet does not rule out.
    const mailbox = { address: "søren@example.org" };
    const parts = { [field]: field === "from" ? mailbox : [mailbox] };
    const refused = { ses: [field], sendgrid: [field], mailgun: [field] };
    return { what: `a letter outside ASCII before the @ in ${field}`, message: parts, arrives: parts, refused };
  }),
  {
    // SendGrid refuses a recipient who is named twice; leaving the repetition out changes nothing for anyone.
    what: "the same recipient twice",
    message: { to: ["ada@example.org", "ADA@example.org"], bcc: ["ada@example.org", "bob@example.org"] },
    arrives: {
      to: [{ address: "ada@example.org" }, { address: "ADA@example.org" }],
      bcc: [{ address: "ada@example.org" }, { address: "bob@example.org" }],
    },
    at: { sendgrid: { to: [{ address: "ada@example.org" }], bcc: [{ address: "bob@example.org" }] } },
  },
  {
    // To leave out what SendGrid refuses would show in the header Cc.
    what: "the same recipient in to and in cc",
    message: { cc: "ada@example.org" },
    arrives: { cc: [{ address: "ada@example.org" }] },
    refused: { sendgrid: ["cc"] },
  },
  {
    // SES takes mailboxes of 320 characters.
    what: "a name of 300 characters",
    message: { to: { name: "x".repeat(300), address: "ada.lovelace@example.org" } },
    arrives: { to: [{ name: "x".repeat(300), address: "ada.lovelace@example.org" }] },
    refused: { ses: ["to"] },
  },
  {
    // 120 letters are 240 bytes, and those 6 encoded words.
    what: "a name that is too long for SES once it is encoded",
    message: { from: { name: "é".repeat(120), address: "orders@example.com" } },
    arrives: { from: { name: "é".repeat(120), address: "orders@example.com" } },
    refused: { ses: ["from"] },
  },
];

const esps = await useEsps();
describeFeatures("addresses", esps, addresses);
describeFeatures("display names", esps, names);

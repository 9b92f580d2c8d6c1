import { useEsps } from "./support/esps.ts";
import { describeFeatures, type Feature } from "./support/features.ts";

const subjects: readonly Feature[] = [
  {
    // SendGrid refuses a mail without a subject.
    what: "an empty subject",
    message: { subject: "" },
    arrives: { subject: "" },
    refused: { sendgrid: ["subject"] },
  },
  ...[
    ["a subject outside ASCII", "Ihre Bestellung – Grüße"],
    ["a subject in Japanese", "ご注文の確認：山田様"],
    ["a subject with emoji", "🎉 Your order 😀 is on its way 👩‍👩‍👧"],
    ["a subject of 255 characters", "x".repeat(255)],
    ["a subject of 255 characters outside ASCII", "ü".repeat(255)],
    ["a subject that looks like an encoded word", "=?UTF-8?Q?Hello?="],
    ["a subject with an encoded word among others", "Re: =?UTF-8?B?SGk=?= and more"],
    ["a subject with quotes, backslashes and angle brackets", 'Re: "Ada" \\ <ada@example.org>'],
    ["a subject that looks like JSON", '{"subject":"x"}'],
    ["a subject with a tab", "Order\t42"],
    ["a subject that is falsy as a number", "0"],
  ].map(([what = "", subject = ""]) => ({ what, message: { subject }, arrives: { subject } })),
  ...[
    ["a subject of 900 characters", "Order ".repeat(150)],
    ["a subject of 900 characters outside ASCII", "注文".repeat(450)],
  ].map(([what = "", subject = ""]) => ({
    // Mailjet takes 255.
    what,
    message: { subject },
    arrives: { subject },
    refused: { mailjet: ["subject"] },
  })),
];

const texts: readonly (readonly [what: string, text: string])[] = [
  ["lines that end in LF", "Dear Ada,\n\nthank you.\n"],
  ["lines that end in CRLF", "Dear Ada,\r\n\r\nthank you.\r\n"],
  ["lines that end in LF, CRLF and CR", "a\nb\r\nc\rd"],
  ["line breaks at its beginning and blanks at its end", "\r\n\n  thank you \n\n  "],
  ["lines that begin with dots", ".\n..\n.hidden\r\n.\r\n"],
  ["a line of 100,000 characters", "x".repeat(100_000)],
  ["emoji", "👩‍👩‍👧 😀 ✓"],
  ["another script", "ご注文ありがとうございます。"],
  ["line separators of Unicode", "a\u2028b\u2029c\u0085d"],
  ["a byte order mark within, and a zero-width space", "a\ufeffb\u200bc"],
  ["control characters", "a\u0000b\u0001c\u007fd\te\ff"],
  [
    "what separates the parts of a form",
    '--boundary\r\nContent-Disposition: form-data; name="to"\r\n\r\neve@example.org\r\n',
  ],
  ["what templates are written in", "{{name}} %recipient.name% -name- {{{raw}}} [[data:x]]"],
  ["an encoded word", "=?UTF-8?Q?Hello?= =E4=20"],
  ["quotes, backslashes and JSON", '{"a":"\\"b\\"\\n"}'],
  ["nothing but a blank", " "],
  ["a digit that is falsy as a number", "0"],
];

const bodies: readonly Feature[] = [
  ...texts.map(([what, text]) => ({ what: `a text with ${what}`, message: { text }, arrives: { text } })),
  ...texts.map(([what, html]) => ({
    what: `an html part with ${what}`,
    message: { text: undefined, html },
    arrives: { text: undefined, html },
  })),
  ...texts.map(([what, text]) => ({
    what: `both parts with ${what}`,
    message: { text, html: `<p>${text}</p>` },
    arrives: { text, html: `<p>${text}</p>` },
  })),
  {
    what: "promises of text and html",
    message: () => ({ text: Promise.resolve("Grüße"), html: Promise.resolve("<p>Grüße</p>") }),
    arrives: { text: "Grüße", html: "<p>Grüße</p>" },
  },
  {
    // SendGrid refuses an empty part; a mail without it looks the same.
    what: "an empty text beside an html part",
    message: { text: "", html: "<p>Hi</p>" },
    arrives: { text: "", html: "<p>Hi</p>" },
    at: { sendgrid: { text: undefined } },
  },
  {
    what: "an empty html part beside a text",
    message: { text: "Hi", html: "" },
    arrives: { text: "Hi", html: "" },
    at: { sendgrid: { html: undefined } },
  },
  {
    // To all but SES a body that is empty is none, and they refuse a mail without one.
    what: "an empty text alone",
    message: { text: "" },
    arrives: { text: "" },
    refused: { sendgrid: ["text"], mailgun: ["text"], mailjet: ["text"] },
  },
  {
    what: "an empty html part alone",
    message: { text: undefined, html: "" },
    arrives: { text: undefined, html: "" },
    refused: { sendgrid: ["html"], mailgun: ["html"], mailjet: ["html"] },
  },
];

const esps = await useEsps();
describeFeatures("subjects", esps, subjects);
describeFeatures("bodies", esps, bodies);

import type { Address } from "../../../src/index.ts";
import type { EspName } from "../../../src/testing/index.ts";
import type { Letter } from "./letter.ts";
import { isPrintableAscii } from "./texts.ts";

/** Near a limit that depends on how something is encoded, an ESP may be said to carry it or not. */
type Answer = boolean | "maybe";

interface Limit {
  readonly field: string;
  readonly exceeded: (letter: Letter, esp: EspName) => Answer;
}

const hour = 3_600_000;
const kilobyte = 1_024;

const bytesOf = (text: string) => Buffer.byteLength(text);
const recipients = ({ to, cc, bcc }: Letter) => to.length + cc.length + bcc.length;
const isLater = ({ sendAt }: Letter) => sendAt !== undefined;
const isLaterThan = ({ sendAt }: Letter, delay: number) =>
  sendAt !== undefined && sendAt.getTime() - Date.now() > delay;
const isRepeated = (texts: readonly string[]) => new Set(texts).size < texts.length;
const idOf = ({ template }: Letter, esp: EspName) => template?.ids[esp] ?? "";

const places = ["from", "to", "cc", "bcc", "replyTo"] as const;
const mailboxesAt = (letter: Letter, place: (typeof places)[number]): readonly Address[] => [letter[place]].flat();

/** Letters outside ASCII before the @. */
const asciiMailboxes: readonly Limit[] = places.map((field) => ({
  field,
  exceeded: (letter) => mailboxesAt(letter, field).some(({ address }) => !isPrintableAscii(address)),
}));

const fullBody: readonly Limit[] = [
  { field: "text", exceeded: ({ text, html, template }) => text === "" && !html && !template },
  { field: "html", exceeded: ({ text, html, template }) => html === "" && !text && !template },
];

const noBodyBesideTemplate: readonly Limit[] = [
  { field: "text", exceeded: ({ text, template }) => Boolean(template && text) },
  { field: "html", exceeded: ({ html, template }) => Boolean(template && html) },
];

const isDynamic = (letter: Letter) => idOf(letter, "sendgrid").startsWith("d-");

/** SES: names of 320 characters with their address, headers of 995, as they are encoded. */
function encodedLength(text: string): readonly [least: number, most: number] {
  if (isPrintableAscii(text) && !text.includes("=?")) return [text.length, 2 * text.length + 2];
  const bytes = bytesOf(text);
  return [Math.floor((4 / 3) * bytes) + 12, Math.ceil(1.8 * bytes) + 20];
}

function within([least, most]: readonly [number, number], limit: number): Answer {
  if (least > limit) return true;
  return most > limit ? "maybe" : false;
}

function worst(answers: readonly Answer[]): Answer {
  if (answers.includes(true)) return true;
  return answers.includes("maybe") ? "maybe" : false;
}

const sesMailboxes: readonly Limit[] = places.map((field) => ({
  field,
  exceeded: (letter) =>
    worst(
      mailboxesAt(letter, field).map(({ name = "", address }) =>
        within(encodedLength(name), name === "" ? 320 : 320 - address.length - 3),
      ),
    ),
}));

const isTag = (text: string) => /^[A-Za-z0-9_-]{1,256}$/.test(text);

function sesHeader([name, value]: readonly [string, string]): Answer {
  if (value === "" || name.length > 126) return true;
  if (isPrintableAscii(value) && !value.includes("=?")) return value.length > 995 || name.length + value.length > 996;
  return within(encodedLength(value), 990 - name.length);
}

/** All options of a mail at Mailgun: 16 KB together. */
function mailgunOptions({ headers, metadata, template, replyTo, tags }: Letter): Answer {
  const texts = [
    ...headers.flat(),
    ...Object.entries(metadata).flat(),
    ...tags,
    JSON.stringify(template?.variables ?? {}),
  ];
  const names = replyTo.flatMap(({ name = "", address }) => [name, address]);
  const bytes = [...texts, ...names].reduce((sum, text) => sum + bytesOf(text), 0);
  return bytes > 12 * kilobyte ? "maybe" : false;
}

/** What each ESP does not carry, as its documentation has it. */
export const limits: Readonly<Record<EspName, readonly Limit[]>> = {
  ses: [
    ...asciiMailboxes,
    ...sesMailboxes,
    ...noBodyBesideTemplate,
    { field: "subject", exceeded: ({ subject, template }) => template !== undefined && subject !== "" },
    { field: "recipients", exceeded: (letter) => recipients(letter) > 50 },
    {
      field: "attachments",
      exceeded: ({ attachments }) =>
        attachments.some(
          ({ filename, contentType, contentId = "" }) =>
            filename.length > 255 || contentType.length > 78 || contentId.length > 78,
        ),
    },
    { field: "headers", exceeded: ({ headers }) => worst([headers.length > 15, ...headers.map(sesHeader)]) },
    {
      field: "tags",
      exceeded: ({ tags, metadata }) =>
        !tags.every(isTag) || isRepeated([...tags, ...Object.keys(metadata), "steadymail-id"]),
    },
    { field: "metadata", exceeded: ({ metadata }) => !Object.entries(metadata).flat().every(isTag) },
    { field: "tracking", exceeded: ({ tracking }) => tracking.opens || tracking.clicks },
    { field: "sendAt", exceeded: isLater },
  ],
  sendgrid: [
    ...asciiMailboxes,
    ...fullBody,
    ...noBodyBesideTemplate.map((limit) => ({
      ...limit,
      exceeded: (letter: Letter, esp: EspName) => isDynamic(letter) && limit.exceeded(letter, esp),
    })),
    { field: "recipients", exceeded: (letter) => recipients(letter) > 1_000 },
    {
      field: "cc",
      exceeded: ({ to, cc }) => cc.some((one) => to.some((other) => lower(one) === lower(other))),
    },
    {
      field: "subject",
      exceeded: (letter) => (letter.template ? isDynamic(letter) && letter.subject !== "" : letter.subject === ""),
    },
    {
      field: "tags",
      exceeded: ({ tags }) =>
        tags.length > 10 || isRepeated(tags) || tags.some((tag) => tag.length > 255 || !isPrintableAscii(tag)),
    },
    {
      field: "attachments",
      exceeded: ({ attachments }) =>
        attachments.some(({ content, contentType }) => content.length === 0 || contentType.includes(";")),
    },
    {
      field: "metadata",
      exceeded: ({ metadata }) => {
        const bytes = bytesOf(JSON.stringify(metadata));
        return bytes > 10_000 || (bytes > 9_800 && "maybe");
      },
    },
    {
      field: "template",
      exceeded: (letter) =>
        letter.template !== undefined && !isDynamic(letter) && Object.keys(letter.template.variables).length > 0,
    },
    { field: "sendAt", exceeded: (letter) => isLaterThan(letter, 72 * hour) },
  ],
  mailgun: [
    ...asciiMailboxes,
    ...fullBody,
    { field: "html", exceeded: ({ html, template }) => Boolean(template && html) },
    { field: "headers", exceeded: ({ headers }) => headers.some(([name]) => isMisread(name)) },
    { field: "metadata", exceeded: ({ metadata }) => Object.keys(metadata).some(isMisread) },
    {
      field: "attachments",
      exceeded: ({ attachments }) =>
        attachments.some(({ filename, contentId }) =>
          contentId === undefined ? /%0[AD]/i.test(filename) : isMisread(contentId),
        ),
    },
    { field: "recipients", exceeded: (letter) => recipients(letter) > 1_000 },
    {
      field: "tags",
      exceeded: ({ tags }) => tags.length > 10 || tags.some((tag) => tag.length > 128 || !isPrintableAscii(tag)),
    },
    { field: "sendAt", exceeded: (letter) => isLaterThan(letter, 72 * hour) },
    ...["headers", "replyTo", "metadata", "template", "tags"].map((field) => ({ field, exceeded: mailgunOptions })),
  ],
  mailjet: [
    ...fullBody,
    ...noBodyBesideTemplate,
    { field: "recipients", exceeded: (letter) => recipients(letter) > 50 },
    { field: "replyTo", exceeded: ({ replyTo }) => replyTo.length > 1 },
    { field: "subject", exceeded: ({ subject }) => [...subject].length > 255 },
    { field: "attachments", exceeded: ({ attachments }) => attachments.some(({ content }) => content.length === 0) },
    {
      field: "headers",
      exceeded: ({ headers }) => headers.some(([name]) => ["x-mailer", "list-id"].includes(name.toLowerCase())),
    },
    { field: "tags", exceeded: ({ tags }) => tags.length > 1 || tags.some((tag) => tag.length > 255) },
    {
      field: "template",
      exceeded: (letter) => letter.template !== undefined && !isWholeNumber(idOf(letter, "mailjet")),
    },
    { field: "sendAt", exceeded: isLater },
  ],
};

function lower({ address }: Address): string {
  return address.toLowerCase();
}

/** What a form writes in place of a quote or a line break in a name. */
function isMisread(name: string): boolean {
  return /%22|%0A|%0D/i.test(name);
}

function isWholeNumber(id: string): boolean {
  return /^[1-9]\d{0,15}$/.test(id) && BigInt(id) < 2n ** 53n;
}

/** The fields by which an ESP must, and those by which it may, be passed over. */
export function refusalsOf(letter: Letter, esp: EspName): { readonly must: Set<string>; readonly may: Set<string> } {
  if (letter.template && letter.template.ids[esp] === undefined) return { must: new Set(["template"]), may: new Set() };
  const must = new Set<string>(letter.providerOptions === "forbidden" ? ["providerOptions"] : []);
  const may = new Set<string>();
  for (const { field, exceeded } of limits[esp]) {
    const answer = exceeded(letter, esp);
    if (answer === true) must.add(field);
    if (answer === "maybe") may.add(field);
  }
  return { must, may };
}

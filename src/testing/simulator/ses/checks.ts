import { decodeBase64 } from "../base64.ts";
import type { Answer } from "../esp.ts";
import { isObject, listAt, objectAt, parseJson, stringAt, valueAt } from "../json-value.ts";
import { isAscii, parseMailbox } from "../mailbox.ts";
import { list, mismatches, object, type Shape } from "../shape.ts";
import { badRequest, failure } from "./answers.ts";

export const largestMessage = 40 * 1024 * 1024;
const mostRecipients = 50;
const mostHeaders = 15;

/** What SES keeps to itself among the headers of a simple message. */
const reservedHeaders = new Set(
  "bcc cc content-disposition content-type date from message-id mime-version reply-to return-path subject to".split(
    " ",
  ),
);

const content = object({ Data: "string", Charset: "string" }, "Data");
export const headers = list(object({ Name: "string", Value: "string" }, "Name", "Value"));
export const attachments = list(
  object(
    {
      RawContent: "string",
      ContentDisposition: "string",
      FileName: "string",
      ContentDescription: "string",
      ContentId: "string",
      ContentTransferEncoding: "string",
      ContentType: "string",
    },
    "RawContent",
    "FileName",
  ),
);
/** SES passes over members that it does not know. */
const requestShape: Shape = object(
  {
    FromEmailAddress: "string",
    FromEmailAddressIdentityArn: "string",
    Destination: object({ ToAddresses: list("string"), CcAddresses: list("string"), BccAddresses: list("string") }),
    ReplyToAddresses: list("string"),
    FeedbackForwardingEmailAddress: "string",
    Content: object({
      Simple: object(
        {
          Subject: content,
          Body: object({ Text: content, Html: content }),
          Headers: headers,
          Attachments: attachments,
        },
        "Subject",
        "Body",
      ),
      Raw: object({ Data: "string" }, "Data"),
      Template: object({
        TemplateName: "string",
        TemplateArn: "string",
        TemplateData: "string",
        Headers: headers,
        Attachments: attachments,
      }),
    }),
    EmailTags: list(object({ Name: "string", Value: "string" }, "Name", "Value")),
    ConfigurationSetName: "string",
  },
  "Content",
);

/** What SES answers to a request that it refuses; nothing if it takes it. */
export function findProblem(body: object): Answer | undefined {
  return shapeProblem(body, requestShape) ?? contentProblem(body);
}

export function messageTooLong(size: number): Answer {
  return badRequest(`Message length is more than ${largestMessage} bytes long: '${size}'.`);
}

export function shapeProblem(body: object, shape: Shape): Answer | undefined {
  for (const mismatch of mismatches(body, shape)) {
    if (mismatch.kind === "type") {
      const given = mismatch.given.toUpperCase();
      return failure(400, "SerializationException", `${given}_VALUE cannot be converted to ${mismatch.expected}`);
    }
    if (mismatch.kind === "missing") return missing([...mismatch.path, mismatch.name].join("."));
  }
  return undefined;
}

export function missing(member: string): Answer {
  return badRequest(
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

function contentProblem(body: object): Answer | undefined {
  const kinds = Object.keys(objectAt(body, "Content"));
  const [kind] = kinds;
  if (kinds.length !== 1 || kind === undefined)
    return badRequest("Exactly one of Simple, Raw or Template is required.");
  if (kind === "Raw") return badRequest("This simulator does not read Content.Raw: use Simple or Template.");
  const part = valueAt(body, "Content", kind);
  return (
    addressProblem(body) ??
    bodyProblem(body) ??
    templateProblem(body) ??
    headerProblem(listAt(part, "Headers")) ??
    attachmentProblem(listAt(part, "Attachments")) ??
    tagProblem(listAt(body, "EmailTags")) ??
    sizeProblem(body)
  );
}

function recipients(body: object): readonly unknown[] {
  return ["ToAddresses", "CcAddresses", "BccAddresses"].flatMap((name) => listAt(body, "Destination", name));
}

function addressProblem(body: object): Answer | undefined {
  const from = stringAt(body, "FromEmailAddress");
  if (from === undefined) return missing("FromEmailAddress");
  const to = recipients(body);
  if (to.length === 0) return badRequest("At least one recipient is required.");
  if (to.length > mostRecipients) return badRequest(`Recipient count exceeds ${mostRecipients}.`);
  for (const address of [from, ...to, ...listAt(body, "ReplyToAddresses")]) {
    const problem = mailboxProblem(String(address));
    if (problem) return badRequest(problem);
  }
  return undefined;
}

/** SES does not know SMTPUTF8: names have to be encoded words, domains Punycode, and local parts ASCII. */
function mailboxProblem(text: string): string | undefined {
  if (!text.includes("@")) return "Missing final '@domain'";
  if (!isAscii(text)) return "Address contains characters that are not ASCII";
  if (text.length > 320) return "Email address is too long";
  return parseMailbox(text) ? undefined : "Domain contains illegal character, or local address is malformed";
}

function bodyProblem(body: object): Answer | undefined {
  const simple = valueAt(body, "Content", "Simple");
  if (simple === undefined) return undefined;
  const parts = [valueAt(simple, "Body", "Text"), valueAt(simple, "Body", "Html")].filter(isObject);
  if (parts.length === 0) return badRequest("The body needs Text or Html.");
  const charsets = [valueAt(simple, "Subject"), ...parts].map((part) => stringAt(part, "Charset") ?? "us-ascii");
  const unknown = charsets.find((charset) => !isCharset(charset));
  return unknown === undefined ? undefined : badRequest(`Unsupported charset: ${unknown}`);
}

function isCharset(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== "";
  } catch {
    return false;
  }
}

function templateProblem(body: object): Answer | undefined {
  const template = valueAt(body, "Content", "Template");
  if (template === undefined) return undefined;
  if (stringAt(template, "TemplateName") === undefined && stringAt(template, "TemplateArn") === undefined) {
    return badRequest("Either TemplateName or TemplateArn is required.");
  }
  if (isObject(parseJson(stringAt(template, "TemplateData") ?? "{}"))) return undefined;
  return badRequest("TemplateData is not a JSON object.");
}

function headerProblem(given: readonly unknown[]): Answer | undefined {
  if (given.length > mostHeaders) return badRequest(`Headers must have length less than or equal to ${mostHeaders}`);
  for (const header of given) {
    const name = stringAt(header, "Name") ?? "";
    const value = stringAt(header, "Value") ?? "";
    if (!/^[!-9;-~]{1,126}$/u.test(name)) return badRequest("A header name has 1 to 126 printable ASCII characters.");
    if (!/^[ -~]{1,995}$/u.test(value)) return badRequest("A header value has 1 to 995 printable ASCII characters.");
    if (name.length + value.length > 996) return badRequest("A header has at most 996 characters, name and value.");
    if (reservedHeaders.has(name.toLowerCase())) return badRequest(`Header name is not allowed: ${name}`);
  }
  return undefined;
}

function attachmentProblem(given: readonly unknown[]): Answer | undefined {
  for (const attachment of given) {
    if (decodeBase64(stringAt(attachment, "RawContent") ?? "") === undefined) {
      return failure(400, "SerializationException", "RawContent is not base64.");
    }
    const disposition = stringAt(attachment, "ContentDisposition") ?? "ATTACHMENT";
    if (!["ATTACHMENT", "INLINE"].includes(disposition)) return badRequest("Unknown ContentDisposition.");
    const lengths: readonly (readonly [string, number, number])[] = [
      ["FileName", 0, 255],
      ["ContentId", 1, 78],
      ["ContentType", 1, 78],
    ];
    for (const [member, least, most] of lengths) {
      const length = stringAt(attachment, member)?.length;
      if (length !== undefined && (length < least || length > most)) {
        return badRequest(`${member} must have a length from ${least} to ${most}.`);
      }
    }
  }
  return undefined;
}

function tagProblem(tags: readonly unknown[]): Answer | undefined {
  const valid = tags.every((tag) =>
    ["Name", "Value"].every((member) => /^[A-Za-z0-9_-]{1,256}$/u.test(stringAt(tag, member) ?? "")),
  );
  return valid ? undefined : badRequest("Tag names and values have 1 to 256 characters of A-Z, a-z, 0-9, _ and -.");
}

function sizeProblem(body: object): Answer | undefined {
  const simple = valueAt(body, "Content", "Simple");
  const texts = [
    stringAt(simple, "Body", "Text"),
    stringAt(simple, "Body", "Html"),
    ...listAt(valueAt(body, "Content", "Simple") ?? valueAt(body, "Content", "Template"), "Attachments").map((file) =>
      stringAt(file, "RawContent"),
    ),
  ];
  const size = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0);
  return size > largestMessage ? messageTooLong(size) : undefined;
}

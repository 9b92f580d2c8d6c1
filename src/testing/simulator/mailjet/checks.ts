import { decodeBase64 } from "../base64.ts";
import { listAt, numberAt, objectAt, stringAt, valueAt } from "../json-value.ts";
import { isAddress } from "../mailbox.ts";
import { type Mismatch, mismatches } from "../shape.ts";
import type { MailjetProblem } from "./answers.ts";
import { messageShape, payloadShape } from "./schema.ts";

const mostMessages = 50;
const mostRecipients = 50;
const longestSubject = 255;
const longestUrlTags = 256;
const largestAttachments = 15 * 1024 * 1024;
const trackingValues = ["account_default", "enabled", "disabled"];

/** Headers that have a property of their own, or that Mailjet sets. */
const forbiddenHeaders = new Set(
  `from sender subject to cc bcc return-path delivered-to dkim-signature domainkey-status received-spf
  authentication-results received x-mailjet-prio x-mailjet-debug user-agent x-mailer x-mj-customid x-mj-eventpayload
  x-mj-vars x-mj-templateerrordeliver x-mj-templateerrorreporting x-mj-templatelanguage x-mailjet-trackopen
  x-mailjet-trackclick x-mj-templateid x-mj-workflowid x-feedback-id x-mailjet-segmentation list-id x-mj-mid
  x-mj-errormessage date x-csa-complaints message-id x-mailjet-campaign x-mj-statisticscontactslistid`.split(/\s+/u),
);

export const malformed: MailjetProblem = {
  code: "mj-0002",
  status: 400,
  message: "Malformed JSON, please review the syntax and properties types.",
};

export const payloadTooLarge: MailjetProblem = {
  code: "mj-0011",
  status: 400,
  message: "The size of the payload is over the limit.",
};

/** What is wrong with the call as a whole. */
export function findPayloadProblem(body: object): MailjetProblem | undefined {
  if (mismatches(body, payloadShape).length > 0) return malformed;
  const count = listAt(body, "Messages").length;
  if (count === 0) return problem("mj-0007", "The Messages array cannot be empty.", "Messages");
  if (count > mostMessages) return problem("mj-0008", `At most ${mostMessages} messages are allowed.`, "Messages");
  return undefined;
}

/** Everything that is wrong with one message of the call. */
export function findProblems(message: unknown): readonly MailjetProblem[] {
  const shapeProblems = mismatches(message, messageShape).map(shapeProblem);
  if (shapeProblems.length > 0) return shapeProblems;
  return [
    ...recipientProblems(message),
    ...contentProblems(message),
    ...attachmentProblems(message),
    ...headerProblems(message),
    ...settingProblems(message),
  ];
}

function problem(code: string, message: string, ...relatedTo: readonly string[]): MailjetProblem {
  return { code, status: 400, message, relatedTo };
}

function shapeProblem(mismatch: Mismatch): MailjetProblem {
  const at = propertyPath(mismatch.path);
  switch (mismatch.kind) {
    case "unknown":
      return { ...malformed, relatedTo: [propertyPath([...mismatch.path, mismatch.name])] };
    case "missing":
      return missing(propertyPath([...mismatch.path, mismatch.name]));
    case "type":
      return problem("mj-0004", `Type mismatch. Expected type "${mismatch.expected}".`, at);
  }
}

/** `To[0].Email` */
function propertyPath(path: Mismatch["path"]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${part}` : part),
    "",
  );
}

function missing(property: string): MailjetProblem {
  return problem("mj-0003", `The "${property}" is mandatory but missing from the input`, property);
}

function recipientProblems(message: unknown): readonly MailjetProblem[] {
  const recipients = ["To", "Cc", "Bcc"].flatMap((name) =>
    listAt(message, name).map((entry, index) => ({ at: `${name}[${index}].Email`, email: stringAt(entry, "Email") })),
  );
  const others = ["From", "ReplyTo", "TemplateErrorReporting"].flatMap((name) => {
    const email = stringAt(message, name, "Email");
    return email === undefined ? [] : [{ at: `${name}.Email`, email }];
  });
  const distinct = new Set(recipients.map(({ email }) => email?.toLowerCase()));
  return [
    ...(valueAt(message, "From") === undefined ? [missing("From")] : []),
    ...(valueAt(message, "To") === undefined ? [missing("To")] : []),
    ...(listAt(message, "To").length === 0 && valueAt(message, "To") !== undefined
      ? [problem("mj-0007", "The To array cannot be empty.", "To")]
      : []),
    ...[...others, ...recipients]
      .filter(({ email }) => !isAddress(email ?? ""))
      .map(({ at, email }) => problem("mj-0013", `"${email}" is an invalid email address.`, at)),
    ...(distinct.size > mostRecipients
      ? [problem("send-0015", `The number of recipients is over the limit of ${mostRecipients}.`, "To", "Cc", "Bcc")]
      : []),
  ];
}

function contentProblems(message: unknown): readonly MailjetProblem[] {
  const found: MailjetProblem[] = [];
  if (
    !stringAt(message, "TextPart") &&
    !stringAt(message, "HTMLPart") &&
    numberAt(message, "TemplateID") === undefined
  ) {
    const words = 'At least "HTMLPart", "TextPart" or "TemplateID" must be provided.';
    found.push(problem("send-0003", words, "HTMLPart", "TextPart"));
  }
  if ([...(stringAt(message, "Subject") ?? "")].length > longestSubject) {
    found.push(problem("mj-0006", `The Subject has more than ${longestSubject} characters.`, "Subject"));
  }
  if ((stringAt(message, "URLTags") ?? "").length > longestUrlTags) {
    found.push(problem("mj-0006", `The URLTags have more than ${longestUrlTags} characters.`, "URLTags"));
  }
  return found;
}

function attachmentProblems(message: unknown): readonly MailjetProblem[] {
  const files = ["Attachments", "InlinedAttachments"].flatMap((name) =>
    listAt(message, name).map((file, index) => ({ file, at: `${name}[${index}]` })),
  );
  const contents = files.map(({ file }) => decodeBase64(stringAt(file, "Base64Content") ?? ""));
  const size = contents.reduce((sum, content) => sum + (content?.byteLength ?? 0), 0);
  return [
    ...files.flatMap(({ file, at }) =>
      ["Filename", "ContentType", "Base64Content"]
        .filter((name) => stringAt(file, name) === "")
        .map((name) => problem("mj-0012", "An empty string is not allowed.", `${at}.${name}`)),
    ),
    ...files
      .filter((_, index) => contents[index] === undefined)
      .map(({ at }) => problem("mj-0004", 'Type mismatch. Expected type "base64".', `${at}.Base64Content`)),
    ...(size > largestAttachments ? [payloadTooLarge] : []),
  ];
}

function headerProblems(message: unknown): readonly MailjetProblem[] {
  return Object.keys(objectAt(message, "Headers"))
    .filter((name) => forbiddenHeaders.has(name.toLowerCase()))
    .map((name) =>
      problem("send-0011", `Header "${name}" cannot be customized: use its property.`, `Headers["${name}"]`),
    );
}

function settingProblems(message: unknown): readonly MailjetProblem[] {
  const priority = numberAt(message, "Priority") ?? 0;
  const has = (name: string) => valueAt(message, name) !== undefined;
  return [
    ...["TrackOpens", "TrackClicks"]
      .filter((name) => !trackingValues.includes(stringAt(message, name) ?? "account_default"))
      .map((name) => problem("mj-0005", `${name} must be one of ${trackingValues.join(", ")}.`, name)),
    ...(priority < 0 || priority > 3 ? [problem("mj-0005", "Priority must be from 0 to 3.", "Priority")] : []),
    ...(valueAt(message, "DeduplicateCampaign") === true && !has("CustomCampaign")
      ? [problem("send-0012", "DeduplicateCampaign needs a CustomCampaign.", "CustomCampaign", "DeduplicateCampaign")]
      : []),
    ...(!has("TemplateLanguage") && (has("TemplateErrorReporting") || has("TemplateErrorDeliver"))
      ? [problem("send-0016", "TemplateLanguage is missing.", "TemplateLanguage")]
      : []),
    ...(has("Sender")
      ? [{ ...problem("send-0006", "The API key may not use a Sender header.", "Sender"), status: 403 }]
      : []),
  ];
}

import { type Answer, refused, type Verdict } from "../esp.ts";
import type { ReceivedMessage } from "../inbox.ts";
import { isObject, listAt, objectAt, parseJson, stringAt, valueAt } from "../json-value.ts";
import { list, object, type Shape } from "../shape.ts";
import { badRequest, success } from "./answers.ts";
import { attachments, findProblem, headers, missing, shapeProblem } from "./checks.ts";
import { readMessage } from "./reading.ts";
import { InlineTemplate } from "./template.ts";

const mostEntries = 50;
/** Of a request that has its template inline. */
const largestRequest = 1024 * 1024;

const tags = list(object({ Name: "string", Value: "string" }, "Name", "Value"));
const addresses = list("string");
const requestShape: Shape = object(
  {
    FromEmailAddress: "string",
    FromEmailAddressIdentityArn: "string",
    ReplyToAddresses: addresses,
    FeedbackForwardingEmailAddress: "string",
    DefaultEmailTags: tags,
    DefaultContent: object({
      Template: object({
        TemplateName: "string",
        TemplateArn: "string",
        TemplateContent: object({ Subject: "string", Text: "string", Html: "string" }),
        TemplateData: "string",
        Headers: headers,
        Attachments: attachments,
      }),
    }),
    BulkEmailEntries: list(
      object(
        {
          Destination: object({ ToAddresses: addresses, CcAddresses: addresses, BccAddresses: addresses }),
          ReplacementTags: tags,
          ReplacementEmailContent: object({ ReplacementTemplate: object({ ReplacementTemplateData: "string" }) }),
          ReplacementHeaders: headers,
        },
        "Destination",
      ),
    ),
    ConfigurationSetName: "string",
  },
  "DefaultContent",
  "BulkEmailEntries",
);

/** What became of one entry: a mail that SES accepts without one is never delivered. */
interface Judged {
  readonly result: { readonly Status: string; readonly Error?: string; readonly MessageId?: string };
  readonly message?: ReceivedMessage;
}

/** `SendBulkEmail` with its template inline: a status for each entry, within a 200. */
export function judgeBulk(body: object, size: number): Verdict {
  const problem = shapeProblem(body, requestShape) ?? requestProblem(body, size);
  if (problem) return refused(problem);
  const content = valueAt(body, "DefaultContent", "Template", "TemplateContent");
  const parts = ["Subject", "Text", "Html"].map((name) => {
    const text = stringAt(content, name);
    return [name, text === undefined ? undefined : InlineTemplate.parse(text)] as const;
  });
  if (parts.some(([, part]) => part === "unsupported")) {
    return refused(badRequest("Template contains unsupported operations."));
  }
  const templates = new Map(parts.flatMap(([name, part]) => (part instanceof InlineTemplate ? [[name, part]] : [])));
  const judged = listAt(body, "BulkEmailEntries").map((entry) => judgeEntry(body, entry, templates));
  const rejected = { Status: "MESSAGE_REJECTED", Error: "The message contains invalid content." };
  return {
    answer: success({ BulkEmailEntryResults: judged.map(({ result }) => result) }),
    accepted: judged.flatMap(({ message }) => message ?? []),
    refuse: (condition) =>
      condition === "reject-message" ? success({ BulkEmailEntryResults: judged.map(() => rejected) }) : undefined,
  };
}

function requestProblem(body: object, size: number): Answer | undefined {
  if (stringAt(body, "FromEmailAddress") === undefined) return missing("FromEmailAddress");
  const count = listAt(body, "BulkEmailEntries").length;
  if (count === 0) return badRequest("At least one entry is required.");
  if (count > mostEntries) return badRequest(`Entry count exceeds ${mostEntries}.`);
  if (valueAt(body, "DefaultContent", "Template", "TemplateContent") === undefined) {
    return badRequest("This simulator keeps no templates: use TemplateContent.");
  }
  return size > largestRequest ? badRequest(`The request is larger than ${largestRequest} bytes.`) : undefined;
}

function judgeEntry(body: object, entry: unknown, templates: ReadonlyMap<string, InlineTemplate>): Judged {
  const data = {
    ...objectAt(parseJson(stringAt(body, "DefaultContent", "Template", "TemplateData") ?? "{}")),
    ...objectAt(
      parseJson(stringAt(entry, "ReplacementEmailContent", "ReplacementTemplate", "ReplacementTemplateData") ?? "{}"),
    ),
  };
  const rendered = new Map([...templates].map(([name, template]) => [name, template.render(data)]));
  const mail = mailOf(body, entry, rendered);
  const problem = findProblem(mail);
  if (problem) {
    const words = stringAt(parseJson(problem.body), "message") ?? "";
    return { result: { Status: "INVALID_PARAMETER", Error: words } };
  }
  const message = { ...readMessage(mail), raw: body };
  const result = { Status: "SUCCESS", MessageId: message.id };
  // It accepts what it cannot render, and tells of it later, by an event.
  return [...rendered.values()].includes(undefined) ? { result } : { result, message };
}

/** The entry as `SendEmail` would be given it. */
function mailOf(body: object, entry: unknown, rendered: ReadonlyMap<string, string | undefined>): object {
  const template = objectAt(body, "DefaultContent", "Template");
  const part = (name: string) => (rendered.has(name) ? { [name]: utf8(rendered.get(name)) } : {});
  return {
    FromEmailAddress: stringAt(body, "FromEmailAddress"),
    Destination: valueAt(entry, "Destination"),
    ReplyToAddresses: listAt(body, "ReplyToAddresses"),
    Content: {
      Simple: {
        Subject: utf8(rendered.get("Subject")),
        Body: { ...part("Text"), ...part("Html") },
        Headers: replaced(listAt(template, "Headers"), listAt(entry, "ReplacementHeaders")),
        Attachments: listAt(template, "Attachments"),
      },
    },
    EmailTags: replaced(listAt(body, "DefaultEmailTags"), listAt(entry, "ReplacementTags")),
  };
}

function utf8(text: string | undefined) {
  return { Data: text ?? "", Charset: "UTF-8" };
}

/** Those of the entry, and those for all whose names it does not have. */
function replaced(forAll: readonly unknown[], own: readonly unknown[]): readonly unknown[] {
  const names = new Set(own.map(nameOf));
  return [...forAll.filter((pair) => !names.has(nameOf(pair))), ...own];
}

function nameOf(pair: unknown): string {
  return isObject(pair) ? (stringAt(pair, "Name") ?? "").toLowerCase() : "";
}

import { decodeBase64 } from "../base64.ts";
import { isObject, listAt, numberAt, objectAt, stringAt, stringsAt, valueAt } from "../json-value.ts";
import { isAddress, isAscii } from "../mailbox.ts";
import { type Mismatch, mismatches } from "../shape.ts";
import { mailShape } from "./schema.ts";

/** One of the `errors` of a 400. */
export interface FieldProblem {
  readonly message: string;
  /** `"personalizations.0.to.1.email"`; null where the whole request is meant. */
  readonly field: string | null;
}

const mostRecipients = 1_000;
const mostPersonalizations = 1_000;
const largestSubstitutions = 10_000;
const mostCategories = 10;
const largestCustomArgs = 10_000;
const furthestSchedule = 72 * 60 * 60;
const reservedHeaders = new Set(
  "x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding to from subject reply-to cc bcc".split(
    " ",
  ),
);

/** Everything that SendGrid finds wrong with a request; the words are those of its list of Mail Send errors. */
export function findProblems(body: unknown): readonly FieldProblem[] {
  const shapeProblems = mismatches(body, mailShape).map(shapeProblem);
  if (shapeProblems.length > 0 || !isObject(body)) return shapeProblems;
  return [
    ...addressProblems(body),
    ...recipientProblems(body),
    ...replyToProblems(body),
    ...subjectProblems(body),
    ...contentProblems(body),
    ...attachmentProblems(body),
    ...settingProblems(body, ""),
    ...listAt(body, "personalizations").flatMap((part, index) => settingProblems(part, `personalizations.${index}.`)),
    ...categoryProblems(body),
    ...customArgsProblems(body),
    ...substitutionProblems(body),
  ];
}

function shapeProblem(mismatch: Mismatch): FieldProblem {
  const field = mismatch.path.length === 0 ? null : mismatch.path.join(".");
  switch (mismatch.kind) {
    case "type":
      return { message: `Invalid type. Expected: ${mismatch.expected}, given: ${mismatch.given}.`, field };
    case "unknown":
      return { message: `Additional property ${mismatch.name} is not allowed`, field };
    case "missing":
      return {
        message: `The ${mismatch.name} parameter is required.`,
        field: [...mismatch.path, mismatch.name].join("."),
      };
  }
}

/** Every address of the request with its place. */
function addresses(body: object): readonly { readonly field: string; readonly email: string }[] {
  const single = ["from", "reply_to"].flatMap((name) => place(valueAt(body, name), name));
  const replyTo = listAt(body, "reply_to_list").flatMap((entry, index) => place(entry, `reply_to_list.${index}`));
  const personal = listAt(body, "personalizations").flatMap((part, index) => [
    ...place(valueAt(part, "from"), `personalizations.${index}.from`),
    ...recipients(part, index),
  ]);
  return [...single, ...replyTo, ...personal];
}

function recipients(personalization: unknown, index: number) {
  return ["to", "cc", "bcc"].flatMap((name) =>
    listAt(personalization, name).flatMap((entry, position) =>
      place(entry, `personalizations.${index}.${name}.${position}`),
    ),
  );
}

function place(entry: unknown, field: string) {
  const email = stringAt(entry, "email");
  return email === undefined ? [] : [{ field: `${field}.email`, email }];
}

function addressProblems(body: object): readonly FieldProblem[] {
  return addresses(body)
    .filter(({ email }) => !isAddress(email))
    .map(({ field }) => ({ message: "Does not contain a valid address.", field }));
}

function recipientProblems(body: object): readonly FieldProblem[] {
  const parts = listAt(body, "personalizations");
  if (parts.length === 0)
    return [{ message: "You must have at least one personalization.", field: "personalizations" }];
  if (parts.length > mostPersonalizations) {
    const message =
      `The personalization block is limited to ${mostPersonalizations} personalizations per API request. You have ` +
      `provided ${parts.length} personalizations. Please consider splitting this into multiple requests and resending ` +
      "your request.";
    return [{ message, field: "personalizations" }];
  }
  const all = parts.flatMap(recipients);
  if (all.length > mostRecipients) {
    const message = `There is a limit of ${mostRecipients} total recipients (to + cc + bcc) per request.`;
    return [{ message, field: "personalizations" }];
  }
  return parts.flatMap((part, index) => {
    const field = `personalizations.${index}`;
    if (listAt(part, "to").length === 0) {
      return [{ message: "The to array is required for all personalization objects.", field: `${field}.to` }];
    }
    const given = recipients(part, index);
    const emails = given.map(({ email }) => email.toLowerCase());
    const repeated = given.find((_, position) => emails.indexOf(emails[position] ?? "") < position);
    if (!repeated) return [];
    const message =
      "Each email address in the personalization block should be unique between to, cc, and bcc. " +
      `We found the first duplicate instance of [${repeated.email}] in the ${repeated.field} field.`;
    return [{ message, field }];
  });
}

function replyToProblems(body: object): readonly FieldProblem[] {
  const given = listAt(body, "reply_to_list").map((entry) => stringAt(entry, "email")?.toLowerCase());
  const field = "reply_to_list";
  return [
    ...("reply_to" in body && "reply_to_list" in body
      ? [{ message: "reply_to is mutually exclusive with reply_to_list.", field }]
      : []),
    ...(new Set(given).size < given.length
      ? [{ message: "Each email address in the reply_to_list should be unique.", field }]
      : []),
  ];
}

function subjectProblems(body: object): readonly FieldProblem[] {
  if ("template_id" in body || stringAt(body, "subject")) return [];
  if (listAt(body, "personalizations").every((part) => stringAt(part, "subject"))) return [];
  const message =
    "The subject is required. You can get around this requirement if you use a template with a subject defined or if " +
    "every personalization has a subject defined.";
  return [{ message, field: "subject" }];
}

function contentProblems(body: object): readonly FieldProblem[] {
  const parts = listAt(body, "content");
  if (parts.length === 0) {
    if ("template_id" in body) return [];
    const message =
      "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined " +
      "content block. We typically suggest both text/plain and text/html blocks are included, but only one block is required.";
    return [{ message, field: "content" }];
  }
  const empty = parts.flatMap((part, index) =>
    ["type", "value"]
      .filter((name) => stringAt(part, name) === "")
      .map((name) => ({
        message: "The content value must be a string at least one character in length.",
        field: `content.${index}.${name}`,
      })),
  );
  const types = parts.map((part) => stringAt(part, "type") ?? "");
  const known = ["text/plain", "text/html"].filter((type) => types.includes(type));
  const message =
    "If present, text/plain and text/html may only be provided once. The text/plain content must be first, followed by " +
    "text/html, followed by any other content.";
  const ordered = known.every((type, index) => types[index] === type && types.lastIndexOf(type) === index);
  return ordered ? empty : [...empty, { message, field: "content" }];
}

function attachmentProblems(body: object): readonly FieldProblem[] {
  return listAt(body, "attachments").flatMap((attachment, index) => {
    const problem = (name: string, message: string) => ({ message, field: `attachments.${index}.${name}` });
    const content = stringAt(attachment, "content") ?? "";
    const type = stringAt(attachment, "type");
    const disposition = stringAt(attachment, "disposition") ?? "attachment";
    const found: FieldProblem[] = [];
    if (content === "") {
      found.push(problem("content", "The attachment content must be a string at least one character in length."));
    } else if (!decodeBase64(content)) {
      found.push(problem("content", "The attachment content must be base64 encoded."));
    }
    if (type === "")
      found.push(problem("type", "The attachment type must be a string at least one character in length."));
    if (/[;\r\n]/u.test(type ?? "")) found.push(problem("type", "The type cannot contain ';', or CRLF characters."));
    if (!["inline", "attachment"].includes(disposition)) {
      const message = `The disposition of your attachment can be either "inline" or "attachment". You provided ${disposition}.`;
      found.push(problem("disposition", message));
    }
    if (disposition === "inline" && !stringAt(attachment, "content_id")) {
      found.push(problem("content_id", "The content_id parameter is required if disposition = 'inline'."));
    }
    for (const name of ["filename", "content_id"]) {
      if (/[\r\n]/u.test(stringAt(attachment, name) ?? "")) {
        found.push(problem(name, `The ${name} of your attachment cannot contain CRLF characters.`));
      }
    }
    return found;
  });
}

/** What the request and each personalization can both say. */
function settingProblems(part: unknown, prefix: string): readonly FieldProblem[] {
  const names = Object.keys(objectAt(part, "headers"));
  const sendAt = numberAt(part, "send_at");
  const furthest = Date.now() / 1_000 + furthestSchedule;
  return [
    ...names
      .filter((name) => !isAscii(name) || /\s/u.test(name) || name === "")
      .map(() => "Header keys cannot contain non-ASCII characters or empty spaces."),
    ...names
      .filter((name) => reservedHeaders.has(name.toLowerCase()))
      .map((name) => `Header cannot be one of the reserved keys. You provided '${name}'.`),
  ]
    .map((message) => ({ message, field: `${prefix}headers` }))
    .concat(
      sendAt === undefined || sendAt <= furthest
        ? []
        : [{ message: "Scheduling more than 72 hours in advance is forbidden.", field: `${prefix}send_at` }],
    );
}

function categoryProblems(body: object): readonly FieldProblem[] {
  const categories = stringsAt(body, "categories");
  const messages = [
    categories.length > mostCategories &&
      `There is a limit of ${mostCategories} categories for each email that is sent. You provided ${categories.length} categories.`,
    categories.some((category) => category.length > 255) && "Each category must not be longer than 255 characters.",
    categories.some((category) => !isAscii(category)) && "Categories can not contain non-ASCII characters.",
    new Set(categories).size < categories.length && "The categories must be a unique list.",
  ];
  return messages.flatMap((message) => (message ? [{ message, field: "categories" }] : []));
}

function customArgsProblems(body: object): readonly FieldProblem[] {
  const tooLarge = listAt(body, "personalizations").some((part) => {
    const all = { ...objectAt(body, "custom_args"), ...objectAt(part, "custom_args") };
    return Buffer.byteLength(JSON.stringify(all)) > largestCustomArgs;
  });
  const message =
    "The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per personalization.";
  return tooLarge ? [{ message, field: "custom_args" }] : [];
}

function substitutionProblems(body: object): readonly FieldProblem[] {
  return listAt(body, "personalizations").flatMap((part, index) =>
    Buffer.byteLength(JSON.stringify(objectAt(part, "substitutions"))) > largestSubstitutions
      ? [
          {
            message: `The substitutions of a personalization may not exceed ${largestSubstitutions} bytes.`,
            field: `personalizations.${index}.substitutions`,
          },
        ]
      : [],
  );
}

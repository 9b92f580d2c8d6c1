import { list, map, object, type Shape } from "../shape.ts";

const address = object({ Email: "string", Name: "string" }, "Email");
const file = { Filename: "string", ContentType: "string", Base64Content: "string" } as const;

/** One message, and what `Globals` sets for all of them. */
export const messageShape: Shape = object({
  From: address,
  Sender: address,
  To: list(address),
  Cc: list(address),
  Bcc: list(address),
  ReplyTo: address,
  Subject: "string",
  TextPart: "string",
  HTMLPart: "string",
  TemplateID: "integer",
  TemplateLanguage: "boolean",
  TemplateErrorReporting: address,
  TemplateErrorDeliver: "boolean",
  Attachments: list(object(file, "Filename", "ContentType", "Base64Content")),
  InlinedAttachments: list(object({ ...file, ContentID: "string" }, "Filename", "ContentType", "Base64Content")),
  Priority: "integer",
  CustomCampaign: "string",
  DeduplicateCampaign: "boolean",
  TrackOpens: "string",
  TrackClicks: "string",
  CustomID: "string",
  EventPayload: "string",
  MonitoringCategory: "string",
  URLTags: "string",
  Headers: map("string"),
  Variables: map("any"),
});

/** The messages themselves are judged one by one. */
export const payloadShape: Shape = object(
  { Messages: list("any"), Globals: messageShape, SandboxMode: "boolean", AdvanceErrorHandling: "boolean" },
  "Messages",
);

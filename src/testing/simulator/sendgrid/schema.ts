import { list, map, object, type Shape } from "../shape.ts";

const address = object({ email: "string", name: "string" }, "email");
const enabled = { enable: "boolean" } as const;
/** The JSON schema of Mail Send, which refuses members that it does not know. */
export const mailShape: Shape = object(
  {
    personalizations: list(
      object(
        {
          from: address,
          to: list(address),
          cc: list(address),
          bcc: list(address),
          subject: "string",
          headers: map("string"),
          substitutions: map("string"),
          dynamic_template_data: map("any"),
          custom_args: map("string"),
          send_at: "integer",
        },
        "to",
      ),
    ),
    from: address,
    reply_to: address,
    reply_to_list: list(address),
    subject: "string",
    content: list(object({ type: "string", value: "string" }, "type", "value")),
    attachments: list(
      object(
        { content: "string", type: "string", filename: "string", disposition: "string", content_id: "string" },
        "content",
        "filename",
      ),
    ),
    template_id: "string",
    sections: map("string"),
    headers: map("string"),
    categories: list("string"),
    custom_args: map("string"),
    send_at: "integer",
    batch_id: "string",
    asm: object({ group_id: "integer", groups_to_display: list("integer") }, "group_id"),
    ip_pool_name: "string",
    mail_settings: object({
      bypass_list_management: object(enabled),
      bypass_spam_management: object(enabled),
      bypass_bounce_management: object(enabled),
      bypass_unsubscribe_management: object(enabled),
      footer: object({ ...enabled, text: "string", html: "string" }),
      sandbox_mode: object(enabled),
    }),
    tracking_settings: object({
      click_tracking: object({ ...enabled, enable_text: "boolean" }),
      open_tracking: object({ ...enabled, substitution_tag: "string" }),
      subscription_tracking: object({ ...enabled, text: "string", html: "string", substitution_tag: "string" }),
      ganalytics: object({
        ...enabled,
        utm_source: "string",
        utm_medium: "string",
        utm_term: "string",
        utm_content: "string",
        utm_campaign: "string",
      }),
    }),
  },
  "personalizations",
  "from",
);

import { describe, expect, it } from "vitest";
import { messageFor, templateMissing } from "../../src/message/for-provider.ts";
import { prepareWith } from "./preparing.ts";

const providerNames = ["ses", "sendgrid"];

describe("the message as one provider gets it", () => {
  it("shares what all have and is frozen", async () => {
    const draft = await prepareWith({
      attachments: [{ filename: "a", content: Uint8Array.of(1) }],
      cc: ["c@example.org"],
    });
    const message = messageFor(draft, "ses");
    expect(Object.isFrozen(message)).toBe(true);
    expect(message.attachments).toBe(draft.attachments);
    expect(message.to).toBe(draft.to);
    const { providerOptions: _, ...rest } = draft;
    expect(message).toEqual(rest);
  });

  it("has that provider's template id and options alone", async () => {
    const changes = { template: { id: { ses: "welcome" }, variables: { a: 1 } }, providerOptions: { ses: { x: 1 } } };
    const draft = await prepareWith(changes, { providerNames });
    expect(messageFor(draft, "ses")).toMatchObject({
      template: { id: "welcome", variables: { a: 1 } },
      providerOptions: { x: 1 },
    });
    expect(Object.isFrozen(messageFor(draft, "ses").template)).toBe(true);
    expect(messageFor(draft, "sendgrid")).not.toHaveProperty("template");
    expect(messageFor(draft, "sendgrid")).not.toHaveProperty("providerOptions");
    expect(templateMissing(draft, "ses")).toBe(false);
    expect(templateMissing(draft, "sendgrid")).toBe(true);
    expect(templateMissing(draft, "constructor")).toBe(true);
  });

  it("has the one template id where there is one provider", async () => {
    const draft = await prepareWith({ template: { id: "welcome" } });
    expect(messageFor(draft, "ses").template).toEqual({ id: "welcome", variables: {} });
    expect(templateMissing(draft, "ses")).toBe(false);
    expect(templateMissing(await prepareWith({}), "ses")).toBe(false);
  });

  const verified = { name: "Backup", address: "shop@backup.example" };

  it("has the sender that is verified there, and answers go to the message's own", async () => {
    const draft = await prepareWith({ from: "Shop <shop@example.com>" });
    expect(messageFor(draft, "ses", { from: verified })).toMatchObject({
      from: verified,
      replyTo: [{ name: "Shop", address: "shop@example.com" }],
    });
    expect(draft.from).toEqual({ name: "Shop", address: "shop@example.com" });
  });

  it("keeps the message's reply-to, and needs none where the address is the same", async () => {
    const draft = await prepareWith({ replyTo: "help@example.com" });
    expect(messageFor(draft, "ses", { from: verified }).replyTo).toEqual([{ address: "help@example.com" }]);
    const same = { name: "Another name", address: "shop@example.com" };
    expect(messageFor(await prepareWith({}), "ses", { from: same })).toMatchObject({ from: same, replyTo: [] });
  });

  it("is without the fields that are dropped, and with all others", async () => {
    const fields = { tags: ["t"], metadata: { a: "1" }, tracking: { opens: true }, replyTo: "help@example.com" };
    const draft = await prepareWith(fields);
    const blank = { tags: [], metadata: [], tracking: { opens: false, clicks: false }, replyTo: [] };
    const full = messageFor(draft, "ses");
    for (const [field, value] of Object.entries(blank)) {
      expect(messageFor(draft, "ses", { drop: [field] })).toEqual({ ...full, [field]: value });
    }
    expect(messageFor(draft, "ses", { drop: Object.keys(blank), from: verified })).toMatchObject(blank);
    expect(messageFor(draft, "ses", { drop: ["subject", "toString"] })).toEqual(full);
  });
});

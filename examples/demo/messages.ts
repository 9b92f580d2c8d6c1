import type { Message } from "steadymail";

/** What the imaginary shop sends all day. */
export const kinds: readonly ((number: number) => Message)[] = [passwordReset, invoice, newsletter, orderConfirmation];

const from = { name: "Analytical Books", address: "orders@books.example" };

function passwordReset(number: number): Message {
  const link = `https://books.example/reset/${number.toString(36).padStart(6, "0")}`;
  return {
    from: { name: "Analytical Books", address: "security@books.example" },
    to: `"Ada Lovelace" <ada+${number}@mail.example>`,
    subject: "Reset your password",
    text: `Somebody, hopefully you, asked for a new password.\n\n${link}\n\nThe link works for 30 minutes.`,
    html: `<p>Somebody, hopefully you, asked for a new password.</p><p><a href="${link}">Choose a new password</a></p>`,
    tags: ["password-reset"],
  };
}

function invoice(number: number): Message {
  return {
    from,
    to: { name: "Möller & Søn, Inc.", address: `accounts+${number}@firm.example` },
    replyTo: "billing@books.example",
    subject: `Invoice ${number} – 49.90 €`,
    text: `Please find invoice ${number} attached.`,
    attachments: [{ filename: `invoice-${number}.pdf`, contentType: "application/pdf", content: pdf(number) }],
    metadata: { invoice: String(number) },
  };
}

function newsletter(number: number): Message {
  return {
    from,
    to: `reader+${number}@mail.example`,
    subject: "🎉 New in the shop: engines, analytical and otherwise",
    html: '<h1>New this week</h1><p><img src="cid:cover" alt="Cover"> <img src="cid:logo" alt="Logo"></p>',
    text: "New this week: engines, analytical and otherwise.",
    attachments: [
      { filename: "cover.png", contentId: "cover", content: pixel("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ") },
      { filename: "logo.png", contentId: "logo", content: pixel("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ") },
    ],
    headers: {
      "List-Unsubscribe": "<https://books.example/unsubscribe>",
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
    tags: ["newsletter"],
  };
}

function orderConfirmation(number: number): Message {
  return {
    from: { name: "解析書店", address: "orders@books.example" },
    to: { name: "山田 花子", address: `hanako+${number}@mail.example` },
    subject: `ご注文の確認（注文番号 ${number}）`,
    text: `山田様\n\nご注文ありがとうございます。注文番号は ${number} です。\n商品は三日以内に発送いたします。`,
    html: `<p>山田様</p><p>ご注文ありがとうございます。注文番号は <b>${number}</b> です。</p>`,
    metadata: { order: String(number) },
  };
}

/** The start of a PNG is enough: nobody looks at it here. */
function pixel(base64: string): Uint8Array {
  return Buffer.from(base64, "base64");
}

function pdf(number: number): Uint8Array {
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
    `<< /Length ${30 + String(number).length} >>\nstream\nBT /F1 18 Tf (Invoice ${number}) Tj ET\nendstream`,
  ];
  const body = objects.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join("");
  return Buffer.from(`%PDF-1.4\n${body}trailer << /Root 1 0 R >>\n%%EOF\n`);
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it.each([
  ["is not there", "ERR_MODULE_NOT_FOUND", "nodemailer is not installed: npm install nodemailer"],
  [
    "is one before 10",
    "ERR_UNSUPPORTED_DIR_IMPORT",
    "nodemailer could not be loaded: steadymail/smtp needs version 10 or later",
  ],
])("nodemailer that %s is told of by the first send, which needs it", async (_, code, detail) => {
  const hook = `export async function resolve(specifier, context, next) {
    if (!specifier.startsWith("nodemailer/")) return next(specifier, context);
    throw Object.assign(new Error("Cannot find package"), { code: "${code}" });
  }`;
  const register = `import { register } from "node:module";
    register("data:text/javascript," + ${JSON.stringify(encodeURIComponent(hook))});`;
  const program = `
    const { smtp } = await import("./src/providers/smtp/index.ts");
    const provider = smtp({ host: "smtp.example.com", auth: { user: "a", pass: "b" } });
    const context = { id: "a", signal: new AbortController().signal, timeout: 5000, fresh: false };
    const nobody = { address: "a@example.com" };
    const message = { from: nobody, to: [nobody], cc: [], bcc: [], replyTo: [], subject: "x", text: "x", attachments: [],
      headers: [], tags: [], metadata: [], tracking: { opens: false, clicks: false }, size: 1 };
    const error = await provider.send(message, context).catch((error) => error);
    console.log(JSON.stringify(error.failure));
  `;
  const without = `data:text/javascript,${encodeURIComponent(register)}`;
  const args = ["--import", "tsx", "--import", without, "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual({
    reason: "internal",
    scope: "none",
    sent: "no",
    detail,
  });
});

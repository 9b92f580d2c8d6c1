import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

const app = (reading: string) => `
import { createTransport } from "nodemailer";
import { receiptOf, steadymailTransport, type SteadymailFields } from "./src/nodemailer/index.ts";
import type { Mailer } from "./src/mailer.ts";

declare const mailer: Mailer<"ses" | "mailgun">;
const transporter = createTransport(steadymailTransport(mailer));
const steadymail: SteadymailFields<"ses" | "mailgun"> = { only: ["ses"], tags: ["order"] };
transporter.sendMail({ to: "ada@example.org", ...{ steadymail } }).then((info) => {
  const id: string = info.messageId;
  ${reading}
  return [id, receiptOf(info)?.provider];
});
createTransport(steadymailTransport(mailer, { steadymail }), { from: "orders@example.com" });
transporter.verify().then((verified: true) => verified);
transporter.close();
// @ts-expect-error no such provider
steadymailTransport(mailer, { steadymail: { only: ["sse"] } });
// @ts-expect-error no such field
steadymailTransport(mailer, { ignore: ["raw"] });
`;

function errorsWith(paths: Record<string, string[]>, reading: string): readonly string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    types: ["node"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    paths,
  };
  const text = app(reading);
  const file = `${root}app-under-test.mts`;
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? text : readFile(name));
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, text, version) : getSourceFile(name, version, ...rest);
  host.getCurrentDirectory = () => root;
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  return program
    .getSemanticDiagnostics(source)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

const own = `
  const provider: "ses" | "mailgun" = info.receipt.provider;
  const accepted: string[] = info.accepted;
  void [provider, accepted];
`;

it.each([
  ["Nodemailer's own types", {}, own],
  // They call every transport's answer that of SMTP.
  ["those of @types/nodemailer", { nodemailer: [`${root}node_modules/@types/nodemailer/index.d.ts`] }, ""],
])("the transport fits %s", { timeout: 60_000 }, (_, paths, reading) => {
  expect(errorsWith(paths, reading)).toEqual([]);
});

import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export const project = fileURLToPath(new URL("../../", import.meta.url));

export const entries = ["", "/ses", "/sendgrid", "/mailgun", "/mailjet", "/smtp", "/nodemailer", "/testing"].map(
  (path) => `steadymail${path}`,
);

export const sdks = {
  ses: "@aws-sdk/client-sesv2",
  sendgrid: "@sendgrid/mail",
  mailgun: "mailgun.js",
  mailjet: "node-mailjet",
} as const;

/** What is to be installed for each adapter. */
export const packageOf = { ...sdks, smtp: "nodemailer" } as const;

export const peers = Object.values(packageOf);

export const adapters = ["ses", "sendgrid", "mailgun", "mailjet"] as const satisfies readonly (keyof typeof sdks)[];

interface Manifest {
  readonly main: string;
  readonly module: string;
  readonly types: string;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly scripts: Readonly<Record<string, string>>;
}

export function manifest(): Manifest {
  return JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
}

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface ConsumerOptions {
  /** Packages that are not installed. */
  readonly without?: readonly string[];
  /** Where to find packages that the project itself does not have. */
  readonly from?: Readonly<Record<string, string>>;
}

/** Somebody's project, in a folder of its own, into which the built package and the SDKs are installed. */
export class Consumer implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "steadymail-consumer-"));

  constructor({ without = [], from = {} }: ConsumerOptions = {}) {
    if (!existsSync(join(project, "dist", "testing.cjs"))) {
      throw new Error("There is no dist to test: run `npm run build` first, or `npm test`, which does.");
    }
    const { dependencies } = manifest();
    const installed = [...Object.keys(dependencies), ...peers, "@types/node"];
    for (const name of installed.filter((each) => !without.includes(each))) {
      this.#link(name, from[name] ?? join(project, "node_modules", name));
    }
    for (const part of ["package.json", "dist"]) {
      cpSync(join(project, part), join(this.#packages, "steadymail", part), { recursive: true });
    }
  }

  get #packages(): string {
    return join(this.folder, "node_modules");
  }

  #link(name: string, target: string): void {
    const path = join(this.#packages, name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }

  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Runs a script, which finds the input as `JSON.parse(process.argv[2])`. */
  run(name: string, source: string, input: unknown = {}): Promise<Outcome> {
    return runNode([this.write(name, source), JSON.stringify(input)], this.folder);
  }

  /** Runs a script that prints JSON, and must end well. */
  async result(name: string, source: string, input: unknown = {}): Promise<unknown> {
    const { stdout, stderr, code } = await this.run(name, source, input);
    if (code !== 0) throw new Error(`${name} ended with ${code}:\n${stderr}`);
    return JSON.parse(stdout);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Runs Node in a process of its own. The AWS SDK's warning about the age of Node 20 is taken out of what it prints. */
export async function runNode(args: readonly string[], cwd: string): Promise<Outcome> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [...args], { cwd, env: { PATH, HOME }, timeout: 60_000 });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr: stderr.replace(awsWarning, ""), code };
}

const awsWarning = /\(node:\d+\) Warning: NodeVersionSupportWarning:[\s\S]*?was created\)\n/;

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { adapters, entries, manifest, peers, project } from "../package/consumer.ts";
import type { Tarball } from "../package/tarball.ts";

/** A version of Node, and a project into which its npm has installed the package with all that it can use. */
export class NodeVersion implements Disposable {
  readonly version: string;
  readonly #folder: string;
  readonly #binary: string;

  private constructor(folder: string, binary: string, version: string) {
    this.#folder = folder;
    this.#binary = binary;
    this.version = version;
  }

  /** @param wanted as npm understands it: "22", "22.12.0" */
  static async install(wanted: string, tarball: Tarball): Promise<NodeVersion> {
    const folder = mkdtempSync(join(tmpdir(), "steadymail-node-"));
    const runtime = join(folder, "runtime");
    mkdirSync(runtime);
    await npmInstall(process.execPath, runtime, [`node@${wanted}`]);
    const binary = join(runtime, "node_modules", "node", "bin", "node");
    const version = await run(binary, ["--version"], folder);
    const { peerDependencies } = manifest();
    writeFileSync(join(folder, "package.json"), "{}");
    // By this Node: npm prefers what says that it runs on the Node which installs it.
    await npmInstall(binary, folder, [tarball.file, ...peers.map((name) => `${name}@${peerDependencies[name]}`)]);
    return new NodeVersion(folder, binary, version.stdout.trim().slice(1));
  }

  /** What was installed, with its version. */
  get packages(): readonly string[] {
    return [...Object.keys(manifest().dependencies), ...peers].map((name) => {
      const { version } = JSON.parse(readFileSync(join(this.#folder, "node_modules", name, "package.json"), "utf8"));
      return `${name} ${version}`;
    });
  }

  /** What is wrong with loading each entry, as an ES module and by `require`. */
  async load(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const entry of entries) {
      for (const [how, args] of Object.entries({
        import: ["--input-type=module", "--eval", `await import("${entry}");`],
        require: ["--eval", `require("${entry}");`],
      })) {
        const { stdout, stderr, code } = await run(this.#binary, ["--trace-warnings", ...args], this.#folder);
        if (code !== 0 || stdout !== "" || stderr !== "") found.push(`  ${how} ${entry}: ${stdout}${stderr}`);
      }
    }
    return found;
  }

  /** What is wrong with sending by each adapter, and past one that fails, from either kind of module. */
  async send(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [file, load] of [
      ["send.mjs", "(name) => import(name)"],
      ["send.cjs", "async (name) => require(name)"],
    ] as const) {
      writeFileSync(
        join(this.#folder, file),
        `const load = ${load};\n(${sendByAll})(load, ${JSON.stringify(adapters)});`,
      );
      const { stdout, stderr, code } = await run(this.#binary, ["--trace-warnings", file], this.#folder);
      if (code !== 0 || stdout !== "ok\n" || stderr !== "") found.push(`  ${file}: ${stdout}${stderr}`);
    }
    return found;
  }

  /** Runs the tests of the behaviour on this Node, with these packages. */
  async test(): Promise<TestRun> {
    const report = join(this.#folder, "report.json");
    const vitest = join(project, "node_modules", "vitest", "vitest.mjs");
    const config = join(project, "test", "node-versions", "vitest.config.ts");
    const began = performance.now();
    const args = ["run", "--config", config, "--root", project, "--reporter=json", "--outputFile", report];
    await run(this.#binary, [vitest, ...args], project, { STEADYMAIL_PACKAGES: join(this.#folder, "node_modules") });
    const { numPassedTests, testResults }: Report = JSON.parse(readFileSync(report, "utf8"));
    const failed = testResults.flatMap(({ name: file, status, assertionResults }) => {
      const tests = assertionResults.filter((each) => each.status === "failed");
      if (status === "failed" && tests.length === 0) return [{ file, test: "could not be run" }];
      return tests.map(({ fullName: test }) => ({ file, test }));
    });
    return { passed: numPassedTests, failed, seconds: Math.round((performance.now() - began) / 1_000) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

export interface TestRun {
  readonly passed: number;
  readonly failed: readonly { readonly file: string; readonly test: string }[];
  readonly seconds: number;
}

/** What vitest writes, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const sendByAll = `async (load, names) => {
  const { createMailer } = await load("steadymail");
  const { memoryProvider, startSimulator } = await load("steadymail/testing");
  for (const name of names) {
    const esp = await startSimulator(name);
    const adapter = (await load("steadymail/" + name))[name](esp.options);
    const mailer = createMailer({ providers: [adapter, memoryProvider()] });
    mailer.on("provider:down", () => {});
    const send = () => mailer.send({ from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" });
    const used = [(await send()).provider];
    await esp.fault({ kind: "unauthorized" });
    used.push((await send()).provider, mailer.health()[0].state);
    await mailer.close();
    await esp.close();
    if (used.join() !== name + ",memory,down") throw new Error(name + ": " + used);
  }
  console.log("ok");
}`;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | string;
}

async function run(binary: string, args: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  // That the AWS SDK will ask for a later Node is its own to say, and said in the README.
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", NODE_OPTIONS: "", ...more };
  const options = { cwd, env, maxBuffer: 100_000_000, timeout: 900_000 };
  try {
    return { ...(await promisify(execFile)(binary, [...args], options)), code: 0 };
  } catch (error) {
    const { stdout = "", stderr = String(error), code = 1 }: Partial<Ended> = Object(error);
    return { stdout, stderr, code };
  }
}

async function npmInstall(binary: string, cwd: string, packages: readonly string[]): Promise<void> {
  const npm = process.env.npm_execpath;
  if (!npm) throw new Error("npm is not known: start this by npm run test:matrix");
  const args = ["install", "--no-audit", "--no-fund", "--no-package-lock", ...packages];
  const { stderr, code } = await run(binary, [npm, ...args], cwd);
  if (code !== 0) throw new Error(`npm install ${packages.join(" ")}:\n${stderr}`);
}

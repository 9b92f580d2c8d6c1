import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { manifest, project } from "./consumer.ts";

const run = promisify(execFile);

/** The package as npm publishes it, in a folder of its own. */
export class Tarball implements Disposable {
  readonly file: string;
  /** What it holds. */
  readonly paths: readonly string[];
  readonly #folder: string;

  private constructor(folder: string, { filename, files }: Packed) {
    this.#folder = folder;
    this.file = join(folder, filename);
    this.paths = files.map(({ path }) => path);
  }

  static async pack(): Promise<Tarball> {
    const folder = mkdtempSync(join(tmpdir(), "steadymail-tarball-"));
    // Its scripts would build dist anew, under the other tests.
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const { stdout } = await run("npm", args, { cwd: project });
    return new Tarball(folder, packedIn(JSON.parse(stdout)));
  }

  async extract(): Promise<string> {
    await run("tar", ["-xzf", this.file, "-C", this.#folder]);
    return join(this.#folder, "package");
  }

  /**
   * A project into which npm installs the tarball, what it depends on and further packages of this checkout. No network and
   * no cache of npm's are needed: all but the tarball are links.
   */
  async install(name: string, packages: readonly string[], type: "module" | "commonjs" = "commonjs"): Promise<string> {
    const folder = join(this.#folder, name);
    const linked = [...Object.keys(manifest().dependencies), ...packages];
    const dependencies = {
      steadymail: `file:${this.file}`,
      ...Object.fromEntries(linked.map((each) => [each, `file:${join(project, "node_modules", each)}`])),
    };
    mkdirSync(folder);
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name, version: "1.0.0", private: true, type, dependencies }),
    );
    const alone = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
    await run("npm", ["install", ...alone, "--cache", join(this.#folder, "cache")], { cwd: folder });
    return folder;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm prints an array of packages, or an object of them by name, as its version has it. */
function packedIn(report: object): Packed {
  const [packed] = Object.values(report);
  return packed;
}

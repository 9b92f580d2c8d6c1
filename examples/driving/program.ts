import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../../", import.meta.url));

/** A program in a process of its own, which knows no variables but the given ones. What it prints comes line by line. */
export class Program implements AsyncDisposable {
  /** What it printed so far, on both streams. */
  readonly lines: string[] = [];
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #child: ChildProcess;
  readonly #told = new EventEmitter();

  /** @param tell is given each line too */
  constructor(args: readonly string[], environment: NodeJS.ProcessEnv, tell: (line: string) => void = () => {}) {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: project,
      env: { PATH, HOME, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.lines.push(line);
        this.#told.emit("line", line);
        tell(line);
      });
    }
    this.ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
  }

  /**
   * The first line that matches, printed already or yet to come.
   *
   * @throws Error with all that it printed, if it ends without
   */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = new AbortController();
    void this.ended.then(() => ended.abort());
    for (let seen = 0; ; ) {
      for (; seen < this.lines.length; seen += 1) {
        const match = pattern.exec(this.lines[seen] ?? "");
        if (match) return match;
      }
      await once(this.#told, "line", { signal: ended.signal }).catch(() => {
        throw new Error(`The program ended without a line like ${pattern}:\n${this.lines.join("\n")}`);
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }
}

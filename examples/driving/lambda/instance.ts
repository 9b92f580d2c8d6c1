import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { Bundle } from "./bundle.ts";
import type { Invocation, Report } from "./runtime.ts";

/**
 * An instance of the function: a process, which is frozen whenever it has no event, as Lambda does it. Not on Windows,
 * which cannot stop a process.
 */
export class Instance implements AsyncDisposable {
  /** The start of the process to the end of the init phase, ms. */
  readonly coldStart: number;
  /** The init phase of it: the function's module is loaded, and all that it does at its top. */
  readonly init: number;
  /** How long the last invocation took inside of the process, ms. */
  lastDuration = 0;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, coldStart: number, init: number) {
    this.#child = child;
    this.coldStart = coldStart;
    this.init = init;
    this.#freeze();
  }

  /** @param tell is given each line that the function prints */
  static async start(
    { runtime, handler }: Bundle,
    environment: NodeJS.ProcessEnv,
    tell: (line: string) => void = () => {},
  ): Promise<Instance> {
    const began = performance.now();
    const child = fork(runtime, [handler], {
      execArgv: [],
      env: { ...environment, MAIL_FROM: "Shop <orders@example.com>" },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    // Frozen, it would hear of nothing, and outlive this process.
    const end = () => void child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", tell);
    }
    const { duration } = await reportOf(child);
    return new Instance(child, performance.now() - began, duration);
  }

  /**
   * The event is there when the process thaws, as is all else that came meanwhile: the end of a connection, say.
   *
   * @param timeout how long the function may take for it, ms
   * @throws Error with what the handler threw
   */
  async invoke(event: SQSEvent, timeout = 10_000): Promise<SQSBatchResponse> {
    const invocation: Invocation = { event, timeout };
    const answered = reportOf(this.#child);
    this.#child.send(invocation);
    this.#child.kill("SIGCONT");
    const { duration, response, error } = await answered;
    this.#freeze();
    this.lastDuration = duration;
    if (!response) throw new Error(`The handler failed: ${error}`);
    return response;
  }

  #freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

async function reportOf(child: ChildProcess): Promise<Report> {
  const ended = new AbortController();
  const end = () => ended.abort();
  child.once("exit", end);
  try {
    const [report]: Report[] = await once(child, "message", { signal: ended.signal });
    if (report) return report;
    throw new Error("The function said nothing");
  } catch (error) {
    throw new Error(`The process of the function ended with ${child.signalCode ?? child.exitCode}`, { cause: error });
  } finally {
    child.off("exit", end);
  }
}

import { Program } from "./program.ts";

/** What a server answered. */
export interface Reply {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: unknown;
  /** Of the send, where the answer names one. */
  readonly id: unknown;
}

/** `examples/fastify/server.ts` in a process of its own, on any free port. */
export class Server implements AsyncDisposable {
  readonly program: Program;
  readonly #url: string;

  private constructor(program: Program, url: string) {
    this.program = program;
    this.#url = url;
  }

  /** @param tell is given each message of its log but those of every request */
  static async start(environment: NodeJS.ProcessEnv, tell: (message: string) => void = () => {}): Promise<Server> {
    const program = new Program(
      ["--import", "tsx", "examples/fastify/server.ts"],
      { ...environment, MAIL_FROM: "Shop <orders@example.com>", PORT: "0" },
      (line) => {
        const message = messageIn(line);
        if (!routine.has(message)) tell(message);
      },
    );
    const [url] = await program.line(/http:\/\/[^"]+/);
    return new Server(program, url);
  }

  send(mail: object): Promise<Reply> {
    return this.#ask("/send", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(mail),
    });
  }

  health(): Promise<Reply> {
    return this.#ask("/health");
  }

  async #ask(path: string, request: RequestInit = {}): Promise<Reply> {
    const response = await fetch(this.#url + path, request);
    const { status, headers } = response;
    const body: unknown = await response.json();
    return { status, retryAfter: headers.get("retry-after"), body, id: Reflect.get(Object(body), "id") };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]();
  }
}

/** What Fastify logs of every request. */
const routine: ReadonlySet<string> = new Set(["incoming request", "request completed"]);

/** The message of a line of JSON, as Fastify logs it; other lines as they are. */
function messageIn(line: string): string {
  return line.startsWith("{") ? JSON.parse(line).msg : line;
}

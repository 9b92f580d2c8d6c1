/** What runs a function in its process: loads it, gives it one event at a time, and says what it answered. */
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";

/** What the invoker sends. */
export interface Invocation {
  readonly event: SQSEvent;
  /** Of the function, ms. */
  readonly timeout: number;
}

/** What it hears: at first how long the init phase took, then of each invocation what it came to. */
export interface Report {
  /** Milliseconds. */
  readonly duration: number;
  readonly response?: SQSBatchResponse;
  readonly error?: string;
}

type Handler = (event: SQSEvent, context: Pick<Context, "getRemainingTimeInMillis">) => Promise<SQSBatchResponse>;

const [, , bundle = ""] = process.argv;
const began = performance.now();
const { handler }: { readonly handler: Handler } = await import(bundle);
report({ duration: performance.now() - began });

process.on("message", async ({ event, timeout }: Invocation) => {
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  try {
    const response = await handler(event, { getRemainingTimeInMillis: () => timeout - elapsed() });
    report({ duration: elapsed(), response });
  } catch (error) {
    report({ duration: elapsed(), error: String(error) });
  }
});

function report(said: Report): void {
  process.send?.(said);
}

import type { ProviderHealth } from "steadymail";
import type { Ledger } from "./ledger.ts";
import type { Name } from "./scenario.ts";

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Style = keyof typeof styles;

const styleOfState = {
  healthy: "green",
  recovering: "cyan",
  probing: "yellow",
  degraded: "yellow",
  down: "red",
} as const satisfies Record<ProviderHealth["state"], Style>;

/** What a view is drawn from. */
export interface View {
  /** Milliseconds since the start. */
  readonly elapsed: number;
  readonly health: readonly ProviderHealth<Name>[];
  /** What is broken now, by provider. */
  readonly faults: ReadonlyMap<Name, string>;
  readonly ledger: Ledger;
}

/** Where the demo shows what happens. */
export interface Screen {
  draw(view: View): void;
  log(elapsed: number, line: string, style?: Style): void;
  end(): void;
}

/** A terminal, or a file or a pipe. */
export type Output = Pick<NodeJS.WriteStream, "isTTY" | "write" | "columns" | "rows">;

/** A picture that is drawn over and over on a terminal, or lines where there is none. */
export function openScreen(out: Output): Screen {
  return out.isTTY ? new LiveScreen(out) : new LineScreen(out);
}

/** One line for each provider, and one above them. */
function table({ health, faults, ledger }: View, color: (text: string, style: Style) => string): string[] {
  const head = `${"provider".padEnd(10)}${"state".padEnd(12)}${"share".padEnd(19)}${"p50".padStart(7)}${"p95".padStart(8)}${"accepted".padStart(10)}  what is broken`;
  const rows = health.map((each) => {
    const { state, style } = stateOf(each);
    return [
      each.provider.padEnd(10),
      color(state.padEnd(12), style),
      "█".repeat(Math.round(each.share * 12)).padEnd(13),
      percent(each.share).padEnd(6),
      latency(each.p50).padStart(7),
      latency(each.p95).padStart(8),
      String(ledger.acceptedBy(each.provider)).padStart(10),
      `  ${color(faults.get(each.provider) ?? "", "red")}`,
    ]
      .join("")
      .trimEnd();
  });
  return [color(head, "dim"), ...rows];
}

function totals({ ledger }: View): string {
  const { sent, receipts, failedOver, sentAgain } = ledger;
  return `sent ${sent}  accepted ${receipts.size}  failed over ${failedOver}  sent again later ${sentAgain}`;
}

class LineScreen implements Screen {
  readonly #out: Output;
  #nextSummary = 2_000;

  constructor(out: Output) {
    this.#out = out;
  }

  draw(view: View): void {
    if (view.elapsed < this.#nextSummary) return;
    this.#nextSummary += 3_000;
    this.log(view.elapsed, totals(view));
    for (const line of table(view, (text) => text)) this.#out.write(`        ${line}\n`);
  }

  log(elapsed: number, line: string): void {
    this.#out.write(`${seconds(elapsed)}  ${line}\n`);
  }

  end(): void {
    this.#out.write("\n");
  }
}

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
/** Off, so that a line that is too long for the terminal is cut and moves no other. */
const wrapOff = "\x1b[?7l";
const wrapOn = "\x1b[?7h";

class LiveScreen implements Screen {
  readonly #out: Output;
  #log: string[] = [];
  readonly #restore = (): void => {
    this.#out.write(`${wrapOn}${showCursor}`);
  };

  constructor(out: Output) {
    this.#out = out;
    out.write(`\x1b[2J${hideCursor}${wrapOff}`);
    process.once("exit", this.#restore);
  }

  draw(view: View): void {
    const head = `${paint("steadymail", "bold")}  ${seconds(view.elapsed)}  ${totals(view)}`;
    const above = [head, "", ...table(view, paint), ""];
    const room = Math.max(3, (this.#out.rows ?? 24) - above.length);
    this.#log = this.#log.slice(-room);
    const lines = [...above, ...this.#log];
    this.#out.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[J`);
  }

  log(elapsed: number, line: string, style?: Style): void {
    const width = (this.#out.columns ?? 100) - 8;
    const short = line.length > width ? `${line.slice(0, width - 1)}…` : line;
    this.#log.push(`${paint(seconds(elapsed), "dim")}  ${style ? paint(short, style) : short}`);
  }

  end(): void {
    this.#out.write("\n\n");
    this.#restore();
    process.off("exit", this.#restore);
  }
}

/** What lies over a state is what a reader should see of it. */
function stateOf({ state, isolated, throttledUntil }: ProviderHealth): {
  readonly state: string;
  readonly style: Style;
} {
  if (isolated) return { state: "isolated", style: "yellow" };
  if (throttledUntil) return { state: "throttled", style: "yellow" };
  return { state, style: styleOfState[state] };
}

function paint(text: string, style: Style): string {
  // https://no-color.org
  return text === "" || process.env.NO_COLOR ? text : `\x1b[${styles[style]}m${text}\x1b[0m`;
}

function seconds(elapsed: number): string {
  return `${(elapsed / 1_000).toFixed(1).padStart(4)} s`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Where nothing was accepted, there is no time to tell. */
function latency(ms: number): string {
  return ms === 0 ? "–" : `${Math.round(ms)} ms`;
}

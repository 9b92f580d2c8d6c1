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

/** A picture that is drawn over and over on a terminal, or lines where there is none. */
export function openScreen(out: NodeJS.WriteStream): Screen {
  return out.isTTY ? new LiveScreen(out) : new LineScreen(out);
}

class LineScreen implements Screen {
  readonly #out: NodeJS.WriteStream;
  #nextSummary = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  draw({ elapsed, health, ledger }: View): void {
    if (elapsed < this.#nextSummary) return;
    this.#nextSummary = elapsed + 2_000;
    const states = health.map(({ provider, share }) => `${provider} ${percent(share)} ${ledger.acceptedBy(provider)}`);
    this.log(elapsed, `sent ${ledger.sent}; share and accepted: ${states.join(", ")}`);
  }

  log(elapsed: number, line: string): void {
    this.#out.write(`${seconds(elapsed)}  ${line}\n`);
  }

  end(): void {}
}

class LiveScreen implements Screen {
  readonly #out: NodeJS.WriteStream;
  #log: string[] = [];
  readonly #showCursor = (): void => {
    this.#out.write("\x1b[?25h");
  };

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    out.write("\x1b[2J\x1b[?25l");
    process.once("exit", this.#showCursor);
  }

  draw({ elapsed, health, faults, ledger }: View): void {
    const head = `${paint("steadymail", "bold")}  ${seconds(elapsed)}  sent ${ledger.sent}  accepted ${ledger.receipts.size}  failed over ${ledger.failedOver}  sent again later ${ledger.sentAgain}`;
    const columns = paint(
      `${"provider".padEnd(10)}${"state".padEnd(12)}${"share".padEnd(19)}${"p50".padStart(7)}${"p95".padStart(8)}${"accepted".padStart(10)}  what is broken`,
      "dim",
    );
    const rows = health.map((each) => {
      const overlay = each.throttledUntil ? "throttled" : each.state;
      return [
        each.provider.padEnd(10),
        paint(overlay.padEnd(12), each.throttledUntil ? "yellow" : styleOfState[each.state]),
        `${"█".repeat(Math.round(each.share * 12)).padEnd(13)}${percent(each.share).padEnd(6)}`,
        `${Math.round(each.p50)} ms`.padStart(7),
        `${Math.round(each.p95)} ms`.padStart(8),
        String(ledger.acceptedBy(each.provider)).padStart(10),
        `  ${paint(faults.get(each.provider) ?? "", "red")}`,
      ].join("");
    });
    const room = Math.max(3, (this.#out.rows ?? 24) - rows.length - 5);
    this.#log = this.#log.slice(-room);
    const lines = [head, "", columns, ...rows, "", ...this.#log];
    this.#out.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[J`);
  }

  log(elapsed: number, line: string, style?: Style): void {
    const width = (this.#out.columns ?? 100) - 8;
    const short = line.length > width ? `${line.slice(0, width - 1)}…` : line;
    this.#log.push(`${paint(seconds(elapsed), "dim")}  ${style ? paint(short, style) : short}`);
  }

  end(): void {
    this.#out.write("\n\n");
    this.#showCursor();
    process.off("exit", this.#showCursor);
  }
}

function paint(text: string, style: Style): string {
  return text === "" ? "" : `\x1b[${styles[style]}m${text}\x1b[0m`;
}

function seconds(elapsed: number): string {
  return `${(elapsed / 1_000).toFixed(1).padStart(4)} s`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

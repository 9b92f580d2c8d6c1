import { MultiBar } from "cli-progress";
import type { CampaignProgress } from "steadymail";

/** Where a campaign shows how it goes. */
export interface Screen {
  draw(progress: CampaignProgress): void;
  /** A line that stays, above what is drawn. */
  log(line: string): void;
  end(): void;
}

/** A bar on a terminal; elsewhere a line now and then. */
export function openScreen(out: NodeJS.WriteStream, total: number): Screen {
  return out.isTTY ? barScreen(out, total) : lineScreen(out, total);
}

/** What is drawn stands where the next line goes. */
const clearLine = "\x1b[K";

function barScreen(stream: NodeJS.WriteStream, total: number): Screen {
  const look = { barCompleteChar: "█", barIncompleteChar: "░", barsize: 28, hideCursor: true };
  const bars = new MultiBar({ ...look, stream, format: "{bar} {percentage} %  {pace}" });
  const all = bars.create(total, 0, { pace: "" });
  const each = bars.create(total, 0, { counts: "" }, { format: "{counts}" });
  return {
    draw(progress) {
      all.update(settled(progress), { pace: pace(progress, total) });
      each.update({ counts: counts(progress) });
    },
    log: (line) => bars.log(`${clearLine}${timeOfDay()}  ${line}\n`),
    end: () => bars.stop(),
  };
}

const lineEvery = 2_000;

function lineScreen(out: NodeJS.WriteStream, total: number): Screen {
  let next = performance.now() + lineEvery;
  const log = (line: string): void => void out.write(`${timeOfDay()}  ${line}\n`);
  return {
    draw(progress) {
      if (performance.now() < next) return;
      next = performance.now() + lineEvery;
      log(`${pace(progress, total)}  ${counts(progress)}`);
    },
    log,
    end() {},
  };
}

/** Recipients of whom is known what became of them. */
export function settled({ accepted, rejected, unknown, suppressed }: CampaignProgress): number {
  return accepted + rejected + unknown + suppressed;
}

function pace(progress: CampaignProgress, total: number): string {
  const { rate, state } = progress;
  const left = state === "running" && rate > 0 ? `${duration((total - settled(progress)) / rate)} left` : state;
  return `${number(settled(progress))} of ${number(total)}  ${number(Math.round(rate))}/s  ${left}`;
}

function counts({ providers, rejected, unknown }: CampaignProgress): string {
  const all = Object.entries({ ...providers, refused: rejected, unknown });
  return all.map(([name, count = 0]) => `${name} ${number(count)}`).join("  ");
}

export function number(count: number): string {
  return count.toLocaleString("en");
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}

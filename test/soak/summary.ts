import type { Footprint } from "./footprint.ts";
import type { Soak } from "./soak.ts";

/** What the end of a soak is told from. */
export interface SoakResult {
  readonly soak: Pick<Soak, "outcomes" | "endings" | "calls" | "mailersClosed">;
  readonly before: Footprint;
  readonly after: Footprint;
  readonly warnings: number;
  /** Milliseconds. */
  readonly virtualTime: number;
  readonly problems: readonly string[];
}

export function progressLine(sends: number, milliseconds: number, heap: number): string {
  const seconds = (milliseconds / 1_000).toFixed(1);
  const pace = whole((1_000 * sends) / milliseconds);
  return `${whole(sends).padStart(10)} sends ${seconds.padStart(7)} s ${pace.padStart(7)}/s   heap ${megabytes(heap)}`;
}

export function summary({ soak, before, after, warnings, virtualTime, problems }: SoakResult): string {
  return [
    ...table("How the sends ended", soak.outcomes),
    ...table("How the attempts ended", soak.endings),
    ...table("What was asked of the mailers", soak.calls),
    "",
    `Mailers created and closed: ${whole(soak.mailersClosed)}; process warnings: ${whole(warnings)}; ` +
      `virtual time: ${whole(virtualTime / 60_000)} min`,
    "",
    row("", "before", "after"),
    row("heap", megabytes(before.heap), megabytes(after.heap)),
    ...Object.entries(before.counts).map(([name, count]) =>
      row(name, whole(count), whole(new Map<string, number>(Object.entries(after.counts)).get(name) ?? 0)),
    ),
    row("active resources", before.resources, after.resources),
    "",
    ...(problems.length === 0
      ? ["Passed: nothing was left behind."]
      : ["FAILED:", ...problems.map((each) => `- ${each}`)]),
  ].join("\n");
}

function table(title: string, counts: ReadonlyMap<string, number>): string[] {
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  return ["", title, ...rows.map(([name, count]) => `${whole(count).padStart(12)}  ${name}`)];
}

function row(name: string, before: string, after: string): string {
  return `${name.padEnd(20)}${before.padStart(20)}${after.padStart(20)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MB`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}

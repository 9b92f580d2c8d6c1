/** Compares ways to do the same thing: in turn, in one process, so that whatever else the machine does meets all alike. */
export type Work = () => Promise<unknown>;

export interface Comparison {
  /** What is compared, by name; the ratios are to the others, each. */
  readonly subjects: Readonly<Record<string, Work>>;
  /** Whose ratio to each of the others is shown. */
  readonly own: string;
  readonly inFlight: number;
  /** How often the work is done in one measurement. */
  readonly batch: number;
  /** Measurements of each subject. */
  readonly rounds: number;
}

/** Microseconds for one piece of work. */
interface Sample {
  /** Of all threads of the process: the compiler's and the collector's too. */
  readonly cpu: number;
  readonly wall: number;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Batches that nobody counts: until the compiler has seen the code. */
const warmUps = 3;

export async function compare({ subjects, own, inFlight, batch, rounds }: Comparison): Promise<void> {
  const entries = Object.entries(subjects);
  for (let round = 0; round < warmUps; round += 1) {
    for (const [, work] of entries) await measure(work, inFlight, batch);
  }
  const samples = new Map<string, Sample[]>(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each goes first as often as last.
    for (const [name, work] of round % 2 === 0 ? entries : entries.toReversed()) {
      samples.get(name)?.push(await measure(work, inFlight, batch));
    }
  }
  console.log(
    `  ${"".padEnd(34)}${"CPU µs".padStart(8)}${"wall µs".padStart(9)}   ${own} : this, CPU (lowest–highest)`,
  );
  const ours = samples.get(own) ?? [];
  for (const [name, theirs] of samples) {
    const ratios = spread(theirs.map(({ cpu }, round) => (ours[round]?.cpu ?? Number.NaN) / cpu));
    const figures = [theirs.map(({ cpu }) => cpu), theirs.map(({ wall }) => wall)].map((all) => spread(all).median);
    const [cpu = Number.NaN, wall = Number.NaN] = figures;
    const ratio = name === own ? "" : `   ${shown(ratios, 2)}`;
    console.log(`  ${name.padEnd(34)}${cpu.toFixed(1).padStart(8)}${wall.toFixed(1).padStart(9)}${ratio}`);
  }
}

async function measure(work: Work, inFlight: number, batch: number): Promise<Sample> {
  const began = performance.now();
  const before = process.cpuUsage();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < batch) {
      begun += 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / batch, wall: ((performance.now() - began) * 1_000) / batch };
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), lowest: at(0), highest: at(sorted.length - 1) };
}

export function shown({ median, lowest, highest }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${lowest.toFixed(digits)}–${highest.toFixed(digits)})`;
}

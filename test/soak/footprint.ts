import { type EventEmitter, getEventListeners } from "node:events";

/** What a process holds on to. */
export interface Footprint {
  /** Bytes in use after a collection. */
  readonly heap: number;
  readonly counts: Readonly<Record<Counted, number>>;
  /** What keeps the process alive, by kind. */
  readonly resources: string;
}

export type Counted = "timers" | "process listeners" | "signal listeners" | "emitter listeners";

/** Where listeners may be left behind. */
export interface Listened {
  readonly signals: readonly AbortSignal[];
  readonly emitters: readonly EventEmitter[];
}

/** The share by which the heap may differ. */
export const tolerance = 0.05;

export async function footprint(timers: number, { signals, emitters }: Listened): Promise<Footprint> {
  return {
    heap: await heapAfterCollection(),
    counts: {
      timers,
      "process listeners": listenersOf(process),
      "signal listeners": sum(signals.map((signal) => getEventListeners(signal, "abort").length)),
      "emitter listeners": sum(emitters.map(listenersOf)),
    },
    resources: resourcesNow(),
  };
}

/** Such as `2 PipeWrap, 1 Timeout`. */
function resourcesNow(): string {
  const kinds = process.getActiveResourcesInfo();
  const distinct = [...new Set(kinds)].sort();
  const counted = distinct.map((kind) => `${kinds.filter((each) => each === kind).length} ${kind}`);
  return counted.join(", ") || "none";
}

/** What is not as it was before. */
export function leaksBetween(before: Footprint, after: Footprint): string[] {
  const leaks: string[] = [];
  const change = after.heap / before.heap - 1;
  if (Math.abs(change) > tolerance) leaks.push(`the heap changed by ${(100 * change).toFixed(1)} %`);
  for (const [name, count] of Object.entries(after.counts)) {
    const earlier = new Map<string, number>(Object.entries(before.counts)).get(name);
    if (count !== earlier) leaks.push(`${name}: ${earlier} before, ${count} after`);
  }
  if (after.resources !== before.resources) {
    leaks.push(`active resources: ${before.resources} before, ${after.resources} after`);
  }
  return leaks;
}

/** @throws Error where the process was not started with `--expose-gc` */
export async function heapAfterCollection(): Promise<number> {
  const { gc } = globalThis;
  if (!gc) throw new Error("Start node with --expose-gc");
  // What one collection finalises is freed by the next.
  for (let collection = 0; collection < 4; collection += 1) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

function listenersOf(emitter: EventEmitter): number {
  return sum(emitter.eventNames().map((name) => emitter.listenerCount(name)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

import type { BatchContent } from "../message/batch.ts";
import type { MergeText } from "../message/merge-text.ts";

/** Computed once for a content, however many batches it goes out in. */
export function oncePerContent<T>(compute: (content: BatchContent) => T): (content: BatchContent) => T {
  const known = new WeakMap<BatchContent, { readonly of: T }>();
  return (content) => {
    const found = known.get(content) ?? { of: compute(content) };
    known.set(content, found);
    return found.of;
  };
}

/** Whether it is sent to one address at a time, and is no template of the ESP's: what no native batch can carry. */
export function isForBatches({ common }: BatchContent): boolean {
  return common.cc.length === 0 && common.bcc.length === 0 && common.template === undefined;
}

/** Whether one of these keys is among the options. */
export function hasOption(options: object | undefined, names: ReadonlySet<string>): boolean {
  return Object.keys(options ?? {}).some((key) => names.has(key));
}

/** Bytes of what is the same for everybody. */
export function literalBytes(text: MergeText | undefined): number {
  return text?.literals.reduce((sum, literal) => sum + Buffer.byteLength(literal), 0) ?? 0;
}

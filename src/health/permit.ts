/** `regular`; the one probe of a provider that was down; or a try at one that is down, since nobody else is left. */
export type PermitKind = "regular" | "probe" | "last-resort";

/** Leave to make one attempt. */
export interface Permit {
  readonly kind: PermitKind;
  readonly generation: number;
}

/** What a trial said of its provider; one that its caller cut short says nothing. */
export type ProbeResult = "passed" | "failed" | "inconclusive";

/** The probe under way; nobody else may try meanwhile. */
export interface Probe {
  readonly permit: Permit;
  readonly result: Promise<ProbeResult>;
  readonly settle: (result: ProbeResult) => void;
}

export function newProbe(permit: Permit): Probe {
  let settle: Probe["settle"] = () => {};
  const result = new Promise<ProbeResult>((resolve) => {
    settle = resolve;
  });
  return { permit, result, settle };
}

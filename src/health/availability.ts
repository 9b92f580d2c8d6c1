/** What may be done with a provider now, as its health has it. */
export type Availability =
  | { readonly can: "send" | "probe" }
  | { readonly can: "nothing"; readonly because: "isolated" | "probing" }
  /** `until`: on the monotonic clock. */
  | { readonly can: "nothing"; readonly because: "throttled" | "down"; readonly until: number };

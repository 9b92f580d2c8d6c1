/** A limit that the caller has set by a signal counts as a time limit, not as giving up. */
export function isTimeout(reason: unknown): boolean {
  return typeof reason === "object" && reason !== null && "name" in reason && reason.name === "TimeoutError";
}

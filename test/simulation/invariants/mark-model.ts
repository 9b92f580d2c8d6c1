import type { ProviderChange } from "../../../src/index.ts";

/** Which changes of a provider must be marked as of a drill, by the documentation. */
export class MarkModel {
  /** Violations that nobody has taken yet. */
  readonly faults: string[] = [];
  /** What is the matter with it is of: nobody knows of the end of what was real in part from marked events. */
  #trouble: "nothing" | "drills" | "more than drills" = "nothing";
  #throttleIsOfDrill = false;

  /** @param isOfDrill whether the failure is that brings it about */
  hear(change: ProviderChange, isOfDrill: boolean): void {
    const { from, to } = change;
    const drill = change.drill === true;
    const expected = this.#expected(from, to, isOfDrill);
    if (drill !== expected) this.faults.push(`${from} → ${to} is marked as of a drill: ${drill}`);
  }

  #expected(from: ProviderChange["from"], to: ProviderChange["to"], isOfDrill: boolean): boolean {
    if (from === "isolated" || to === "isolated") return false;
    if (to === "throttled") this.#throttleIsOfDrill = isOfDrill;
    if (to === "throttled" || from === "throttled") return this.#throttleIsOfDrill;
    if (to === "down" || to === "degraded") {
      this.#trouble = isOfDrill && this.#trouble !== "more than drills" ? "drills" : "more than drills";
      return isOfDrill;
    }
    const expected = this.#trouble === "drills";
    if (to === "healthy") this.#trouble = "nothing";
    return expected;
  }
}

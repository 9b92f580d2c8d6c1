import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Ledger } from "../../examples/demo/ledger.ts";
import { openScreen } from "../../examples/demo/screen.ts";

const color = /\[\d+m/;

/** What the demo shows on a terminal of 80 columns. */
function shown(): string {
  let text = "";
  const write = (part: string | Uint8Array): boolean => {
    text += part;
    return true;
  };
  const screen = openScreen({ isTTY: true, columns: 80, rows: 24, write });
  screen.log(2_000, `ses: healthy → down (${"x".repeat(100)})`, "red");
  screen.draw({ elapsed: 2_000, health: [], faults: new Map(), ledger: new Ledger() });
  screen.end();
  return text;
}

describe("the demo on a terminal", () => {
  it("is in colours, unless NO_COLOR says otherwise", () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv("NO_COLOR", "");
    expect(shown()).toMatch(color);

    vi.stubEnv("NO_COLOR", "1");
    expect(shown()).not.toMatch(color);
  });

  it("cuts what is longer than a line", () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv("NO_COLOR", "1");
    const line =
      shown()
        .split("\n")
        .find((each) => each.includes("healthy → down")) ?? "";

    expect(line.replaceAll("\x1b[K", "").replace("\x1b[J", "").length).toBe(80);
  });
});

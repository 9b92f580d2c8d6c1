import { expect, it } from "vitest";
import { Program } from "../../examples/driving/program.ts";

it("a benchmark that does not exist is refused, with those that do", async () => {
  await using program = new Program(["--import", "tsx", "bench/main.ts", "pipeline", "nonsense"], {});

  expect(await program.ended).toBe(2);
  expect(program.lines).toEqual([
    expect.stringMatching(/^There is no benchmark nonsense; there are sends, pipeline, memory, /),
  ]);
});

import { Program } from "../../examples/driving/program.ts";

/** What an example prints when it is started by itself, and its exit code. */
export async function outputOf(file: string, environment: NodeJS.ProcessEnv = {}) {
  await using program = new Program(["--import", "tsx", file], environment);
  const code = await program.ended;
  return { lines: program.lines, code };
}

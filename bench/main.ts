/** All benchmarks one after another, each in a process of its own; with names, only those: `npm run bench -- pipeline`. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { espNames } from "./adapters.ts";

const all: readonly (readonly [name: string, ...args: readonly string[]])[] = [
  ...espNames.map((esp) => ["sends", esp] as const),
  ["pipeline"],
  ["memory"],
  ["cold-start"],
  ["first-send"],
  ["failover"],
  ...espNames.map((esp) => ["bulk", esp] as const),
  ["stream"],
];
// What is measured is the package as it is built, not its source.
const env = { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL("./tsconfig.json", import.meta.url)) };
const wanted = process.argv.slice(2);
const names = new Set(all.map(([name]) => name));
const unknown = wanted.filter((name) => !names.has(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}; there are ${[...names].join(", ")}`);
  process.exit(2);
}
for (const [name, ...args] of all) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const flags = ["--no-warnings", "--expose-gc", "--import", "tsx"];
  const { status } = spawnSync(process.execPath, [...flags, file, ...args], { stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}

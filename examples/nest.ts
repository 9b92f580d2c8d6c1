/**
 * Shows what the Nest application in `examples/nest` does: compiled to CommonJS by tsc, with this package installed by
 * its side, at simulators of its providers. Needs `dist`.
 *
 *   npm run example:nest
 *
 * With AWS_REGION and what the AWS SDK reads, SENDGRID_API_KEY and MAIL_FROM, the application runs as it is, then:
 *
 *   node examples/nest/dist/main.js 4711=you@example.org
 *
 * It ends with 0 if it did as it should.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startEsps } from "./driving/esps.ts";
import { Program } from "./driving/program.ts";

const project = fileURLToPath(new URL("..", import.meta.url));
const orders = ["4711=ada@example.org", "4712=grace@example.org", "4713=nobody"];

if (existsSync(`${project}/dist/index.cjs`)) process.exitCode = (await show()) ? 0 : 1;
else {
  console.error("There is no dist to install: run `npm run build` first.");
  process.exitCode = 2;
}

async function show(): Promise<boolean> {
  install();
  console.log(
    "A Nest application in CommonJS that confirms orders by SES and, while SES cannot, SendGrid; both are simulated.",
  );
  console.log("\ntsc -p examples/nest");
  if ((await run(["node_modules/typescript/bin/tsc", "-p", "examples/nest"])) !== 0) return false;

  await using esps = await startEsps();
  await esps.ses.fault({ kind: "unauthorized" });
  console.log(`\nnode examples/nest/dist/main.js ${orders.join(" ")}     # SES does not know the key any more`);
  const code = await run(["examples/nest/dist/main.js", ...orders], {
    ...esps.environment,
    MAIL_FROM: "Shop <orders@example.com>",
    NO_COLOR: "true",
  });
  const received = esps.received().toSorted();
  console.log(`\nat the providers: ${received.join(", ")}; exit code ${code}`);
  return code === 0 && String(received) === "order-4711,order-4712";
}

/** As `npm install` would have it: what is published of this package, and links to the rest. */
function install(): void {
  const installed = `${project}/examples/nest/node_modules/steadymail`;
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  copyFileSync(`${project}/package.json`, `${installed}/package.json`);
  symlinkSync(`${project}/dist`, `${installed}/dist`, "junction");
}

async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<unknown> {
  await using program = new Program(args, environment, (line) => console.log(`  ${line}`));
  return await program.ended;
}

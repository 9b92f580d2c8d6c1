import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Consumer, manifest, project } from "./consumer.ts";

const { dependencies, devDependencies } = manifest();

/** The one that is installed, and any that stands beside it by another name, as "opossum-10": "npm:opossum@^10". */
const installed = ["opossum", ...Object.keys(devDependencies).filter((name) => name.startsWith("opossum-"))];

function versionOf(folder: string): string {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
}

describe.each(installed)("on %s", (alias) => {
  const folder = join(project, "node_modules", alias);

  it("a provider that fails is left alone, probed after its time, and used again", async () => {
    using consumer = new Consumer({ from: { opossum: folder } });
    const seen = await consumer.result(
      "health.mjs",
      `import { createRequire } from "node:module";
      import { createMailer } from "steadymail";
      import { memoryProvider } from "steadymail/testing";
      const message = { from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" };
      let passed = 0;
      const clock = performance.now.bind(performance);
      performance.now = () => clock() + passed;
      const minutesPass = (minutes) => { passed += minutes * 60_000; };
      const primary = memoryProvider({ name: "primary", script: () => "unreachable" });
      const mailer = createMailer({ providers: [primary, memoryProvider({ name: "standby" })] });
      const states = ["healthy"];
      mailer.on("provider:changed", ({ from, to }) => { if (from !== to) states.push(to); });
      const sendTwenty = async () => {
        const used = [];
        for (let i = 0; i < 20; i++) used.push((await mailer.send(message)).provider);
        return [...new Set(used)];
      };
      const usedInOutage = await sendTwenty();
      const triedInOutage = primary.attempts;
      primary.script(() => "accepted");
      minutesPass(10);
      const usedAfterwards = await sendTwenty();
      minutesPass(10);
      await mailer.send(message);
      mailer.health();
      console.log(JSON.stringify({
        opossum: createRequire(import.meta.resolve("steadymail"))("opossum/package.json").version,
        usedInOutage,
        triedInOutage,
        usedAfterwards,
        states,
      }));`,
    );

    expect(seen).toEqual({
      opossum: versionOf(folder),
      usedInOutage: ["standby"],
      triedInOutage: 5,
      usedAfterwards: ["primary"],
      states: ["healthy", "down", "probing", "recovering", "healthy"],
    });
  });
});

it("the range of opossum that the package asks for is the one that is tested", () => {
  expect(dependencies.opossum).toBe("^9 || ^10");
  for (const alias of installed) expect(versionOf(join(project, "node_modules", alias))).toMatch(/^(9|10)\./);
});

/**
 * Runs the package on several versions of Node, with the newest of its dependencies and SDKs that it allows there:
 * `npm run test:matrix`, or `npm run test:matrix -- 22 26.1.0`. Needs npm's registry, and a few minutes.
 */
import { Tarball } from "../package/tarball.ts";
import { NodeVersion } from "./node-version.ts";

/** The first version that "engines" allows of each line that it names, and the newest of each that is alive. */
const byDefault = ["20.19.0", "20", "22.12.0", "22", "24", "26"];

/** What Node itself gets wrong, whoever asks it. */
const knownFaults: Readonly<Record<string, string>> = {
  // Node 22.23.3 compares "::1." with the certificate's addresses; 20, 24 and 26 take it. Seen with plain node:https too.
  "a request goes to an IPv6 address over https": "22.",
};

using tarball = await Tarball.pack();
const asked = process.argv.slice(2);
for (const wanted of asked.length > 0 ? asked : byDefault) {
  using node = await NodeVersion.install(wanted, tarball);
  console.log(`\nNode ${node.version}: ${node.packages.join(", ")}`);
  const complaints = [...(await node.load()), ...(await node.send())];
  // The oldest ones are there for what loads a package; how it behaves does not depend on them.
  const tests = wanted.includes(".") ? undefined : await node.test();
  console.log(
    complaints.length === 0 ? "  every entry loads and every adapter sends, without a warning" : complaints.join("\n"),
  );
  const failed = (tests?.failed ?? []).filter(({ test }) => !node.version.startsWith(knownFaults[test] ?? "none"));
  if (tests) console.log(`  ${tests.passed} tests passed, ${failed.length} failed, in ${tests.seconds} s`);
  for (const { file, test } of failed) console.log(`  failed: ${file}: ${test}`);
  if (complaints.length > 0 || failed.length > 0 || tests?.passed === 0) process.exitCode = 1;
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consumer, entries, manifest } from "./consumer.ts";

const names: Readonly<Record<string, readonly string[]>> = {
  steadymail: [
    "AbortedError",
    "CheckpointError",
    "ClosedError",
    "InvalidMessageError",
    "OverloadedError",
    "ProviderError",
    "RejectedError",
    "SteadyMailError",
    "SuppressedError",
    "UnavailableError",
    "UnknownDeliveryError",
    "UnsupportedError",
    "createMailer",
    "failure",
    "failureInPhase",
    "fileCheckpoint",
    "isSteadyMailError",
  ],
  "steadymail/ses": ["ses"],
  "steadymail/sendgrid": ["sendgrid"],
  "steadymail/mailgun": ["mailgun"],
  "steadymail/mailjet": ["mailjet"],
  "steadymail/smtp": ["smtp"],
  "steadymail/nodemailer": ["receiptOf", "steadymailTransport"],
  "steadymail/testing": ["logProvider", "memoryProvider", "startSimulator"],
};

describe("the built package", () => {
  let consumer: Consumer;
  beforeAll(() => {
    consumer = new Consumer();
  });
  afterAll(() => consumer[Symbol.dispose]());

  it.each(entries)("gives the same names of %s to import and to require", async (entry) => {
    const imported = await consumer.run(
      "names.mjs",
      `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(entry)})).sort()));`,
    );
    const required = await consumer.run(
      "names.cjs",
      `console.log(JSON.stringify(Object.keys(require(${JSON.stringify(entry)})).sort()));`,
    );

    for (const outcome of [imported, required]) {
      expect(outcome).toMatchObject({ stderr: "", code: 0 });
      expect(JSON.parse(outcome.stdout)).toEqual(names[entry]);
    }
  });

  it("exports its manifest, and nothing beside what is listed", async () => {
    expect(Object.keys(manifest().exports).sort()).toEqual(
      [...entries.map((entry) => entry.replace("steadymail", ".")), "./package.json"].sort(),
    );
    const version = await consumer.result(
      "manifest.cjs",
      `console.log(JSON.stringify(require("steadymail/package.json").name));`,
    );
    expect(version).toBe("steadymail");
    const inside = await consumer.run("inside.mjs", `await import("steadymail/dist/index.js");`);
    expect(inside.stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });
});

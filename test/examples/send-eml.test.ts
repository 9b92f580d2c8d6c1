import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulator } from "../../src/testing/index.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "send-eml-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join("\r\n"));
  return path;
}

const order = ["From: Shop <shop@example.com>", "To: ada@example.org", "Subject: Your order", "", "On its way."];

/** Runs the example in a process of its own, which knows no credentials but the given ones. */
async function sendEml(args: readonly string[], credentials: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "examples/send-eml.ts", ...args], {
    cwd: project,
    env: { PATH, HOME, ...credentials },
  });
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { lines: stdout.split("\n").filter(Boolean), stderr, code };
}

describe("send-eml", () => {
  it("sends a file through each of the four simulators", async () => {
    const { lines, stderr, code } = await sendEml([file("order.eml", ...order)]);

    expect(lines).toEqual(
      ["ses", "sendgrid", "mailgun", "mailjet"].map((esp) =>
        expect.stringMatching(new RegExp(`^order\\.eml {2}${esp} {2}accepted as \\S+$`)),
      ),
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("counts a file as sent that one ESP cannot carry and another can", async () => {
    const withoutSubject = order.filter((line) => !line.startsWith("Subject"));
    const { lines, code } = await sendEml([file("no-subject.eml", ...withoutSubject)]);

    expect(lines.filter((line) => line.includes("accepted"))).toHaveLength(3);
    expect(lines.filter((line) => line.includes("sendgrid  unsupported (sent: no)"))).toHaveLength(1);
    expect(code).toBe(0);
  });

  it("says once what is wrong with a file, sends the next, and ends with 1", async () => {
    const bad = file("bad.eml", "From: shop@example.com", "", "Hello");
    const { lines, stderr, code } = await sendEml([bad, file("good.eml", ...order)]);

    expect(lines[0]).toMatch(/^bad\.eml {2}steadymail {2}invalid \(sent: no\) .*to: needs at least one recipient/);
    expect(lines.slice(1).map((line) => line.split("  ")[0])).toEqual(Array(4).fill("good.eml"));
    expect(stderr).toBe("");
    expect(code).toBe(1);
  });

  it("puts the addresses of --from and --to in the place of the file's", async () => {
    const bad = file("nowhere.eml", "From: nobody", "To: nobody", "Cc: nobody", "Subject: x", "", "Hello");
    const { lines, code } = await sendEml(["--from", "me@example.com", "--to", "you@example.org", bad]);

    expect(lines).toHaveLength(4);
    expect(code).toBe(0);
  });

  it("sends live through the providers whose credentials are in the environment", async () => {
    await using esp = await startSimulator("ses");
    const { region, credentials, baseUrl } = esp.options;
    const { lines, code } = await sendEml(["--live", file("live.eml", ...order)], {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL: baseUrl,
    });

    expect(lines).toEqual([`live.eml  ses  accepted as ${esp.inbox[0]?.id}`]);
    expect(esp.inbox).toMatchObject([{ to: [{ address: "ada@example.org" }], subject: "Your order" }]);
    expect(code).toBe(0);
  });
});

describe("send-eml sends nothing and ends with 2, without a stack trace,", () => {
  it.each([
    ["when no file is given", [], "No file was given."],
    ["for an option that does not exist", ["--lvie", "x.eml"], "Unknown option '--lvie'"],
    ["for an option without its value", ["--to"], "Option '--to <value>' argument missing"],
  ])("%s", async (_, args, words) => {
    const { lines, stderr, code } = await sendEml(args);

    expect(lines).toEqual([]);
    expect(stderr).toContain(words);
    expect(stderr).toContain("usage: npx tsx examples/send-eml.ts [--live]");
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it("when one of several files does not exist", async () => {
    const missing = join(folder, "missing.eml");
    const { lines, stderr, code } = await sendEml([file("there.eml", ...order), missing]);

    expect(lines).toEqual([]);
    expect(stderr).toBe(`Cannot read ${missing}: ENOENT: no such file or directory, open '${missing}'\n`);
    expect(code).toBe(2);
  });

  it("for --live without credentials, naming the variables", async () => {
    const { lines, stderr, code } = await sendEml(["--live", file("live.eml", ...order)], {
      MAILGUN_API_KEY: "key-without-domain",
    });

    expect(lines).toEqual([]);
    expect(stderr).toMatch(/^--live needs credentials in the environment\./);
    for (const variable of ["AWS_REGION", "SENDGRID_API_KEY", "MAILGUN_DOMAIN", "MAILJET_API_SECRET"]) {
      expect(stderr).toContain(variable);
    }
    expect(stderr).not.toMatch(/^\s+at |key-without-domain/m);
    expect(code).toBe(2);
  });

  it("for a credential that cannot be one, without printing it", async () => {
    const { stderr, code } = await sendEml(["--live", file("live.eml", ...order)], {
      SENDGRID_API_KEY: "SG.canary value",
    });

    expect(stderr).toContain("sendgrid: apiKey holds a space");
    expect(stderr).not.toMatch(/^\s+at |canary/m);
    expect(code).toBe(2);
  });
});

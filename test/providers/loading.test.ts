import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { sdkLoader } from "../../src/providers/sdk-loader.ts";

/** A resolver in which one package does not exist. */
function without(sdkPackage: string): string {
  const hook = `export async function resolve(specifier, context, next) {
    if (specifier !== ${JSON.stringify(sdkPackage)}) return next(specifier, context);
    throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  }`;
  const register = `import { register } from "node:module";
    register("data:text/javascript," + ${JSON.stringify(encodeURIComponent(hook))});`;
  return `data:text/javascript,${encodeURIComponent(register)}`;
}

const packages = [
  ["ses", "@aws-sdk/client-sesv2", '{ region: "eu-west-1" }'],
  ["sendgrid", "@sendgrid/mail", '{ apiKey: "SG.x" }'],
  ["mailgun", "mailgun.js", '{ apiKey: "x", domain: "mg.example.com" }'],
  ["mailjet", "node-mailjet", '{ apiKey: "x", apiSecret: "y" }'],
] as const;

describe("an SDK", () => {
  it.each(packages)(
    "of %s is not needed before the first send or question, which says what to install",
    async (name, sdk, options) => {
      const script = `
      const { ${name} } = await import("./src/providers/${name}/index.ts");
      const provider = ${name}(${options});
      const context = { id: "a", signal: new AbortController().signal, timeout: 5000, fresh: false };
      const errors = [provider.send({}, context), provider.verify(context)].map((call) => call.catch((error) => error));
      console.log(JSON.stringify((await Promise.all(errors)).map(({ failure }) => failure)));
    `;
      const args = ["--import", "tsx", "--import", without(sdk), "--input-type=module", "--eval", script];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const detail = `${sdk} is not installed: npm install ${sdk}`;
      const failure = { reason: "internal", scope: "none", sent: "no", detail };
      expect(JSON.parse(stdout)).toEqual([failure, failure]);
    },
  );

  it("is loaded once, also by many sends at once", async () => {
    let loads = 0;
    const load = sdkLoader("some-sdk", async () => ({ number: ++loads }));
    const loaded = await Promise.all([load(), load(), load()]);
    expect([...loaded, await load()].map(({ number }) => number)).toEqual([1, 1, 1, 1]);
  });

  it("is loaded anew after a load that failed", async () => {
    let loads = 0;
    const load = sdkLoader("some-sdk", async () => {
      if (++loads === 1) throw new Error("disk trouble");
      return "sdk";
    });
    await expect(load()).rejects.toMatchObject({
      failure: { reason: "internal", sent: "no", detail: "some-sdk could not be loaded: disk trouble" },
    });
    expect(await load()).toBe("sdk");
  });
});

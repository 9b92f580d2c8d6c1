import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { startEsps } from "../../examples/driving/esps.ts";
import { Program } from "../../examples/driving/program.ts";
import { project } from "../package/consumer.ts";
import { outputOf } from "./running.ts";

const main = "examples/nest/dist/main.js";

describe("the nest example", () => {
  let shown: Awaited<ReturnType<typeof outputOf>>;

  beforeAll(async () => {
    shown = await outputOf("examples/nest.ts");
  }, 60_000);

  it("is shown by one command: it compiles, fails over and closes its mailer at the end", () => {
    expect(shown, shown.lines.join("\n")).toMatchObject({ code: 0 });
    const logged = shown.lines.flatMap((line) => /(?:LOG|WARN|ERROR) (\[[MO].*)/.exec(line)?.[1] ?? []);

    expect(logged.toSorted()).toEqual([
      "[MailModule] closed: what was under way has been sent",
      "[MailService] ses: healthy → down (authentication)",
      "[OrdersService] order-4711: accepted by sendgrid",
      "[OrdersService] order-4712: accepted by sendgrid",
      "[OrdersService] order-4713: invalid, sent: no",
    ]);
    expect(shown.lines.at(-1)).toBe("at the providers: order-4711, order-4712; exit code 0");
  });

  it("requires the CommonJS build of the package", () => {
    const { resolve } = createRequire(join(project, main));

    expect(readFileSync(join(project, "examples/nest/dist/mail.module.js"), "utf8")).toContain('require("steadymail")');
    expect(resolve("steadymail")).toBe(realpathSync(join(project, "dist/index.cjs")));
    expect(resolve("steadymail/ses")).toBe(realpathSync(join(project, "dist/ses.cjs")));
  });

  it("sends what is under way before SIGTERM ends it", async () => {
    await using esps = await startEsps({ latency: 500 });
    const environment = { ...esps.environment, MAIL_FROM: "shop@example.com", NO_COLOR: "true" };
    await using program = new Program([main, "1=ada@example.org", "2=grace@example.org"], environment);
    await vi.waitUntil(() => esps.ses.requests === 2, { timeout: 10_000 });
    program.signal("SIGTERM");

    expect(await program.ended).toBe("SIGTERM");
    const printed = program.lines.join("\n");
    for (const order of ["order-1", "order-2"]) expect(printed).toContain(`${order}: accepted by ses`);
    expect(printed).toContain("[MailModule] closed");
    expect(esps.received().toSorted()).toEqual(["order-1", "order-2"]);
  });
});

import { describe, expect, it } from "vitest";
import { arrived, problemsOf } from "./harness.ts";

describe("headers", () => {
  it("arrive, from all the fields that write some", async () => {
    const message = await arrived({
      headers: { "X-Campaign": "spring — 2026", "X-Raw": { prepared: true, value: "as it is" }, "X-Number": ["7"] },
      list: {
        unsubscribe: [["https://example.com/u?t=1", "mailto:u@example.com"]],
        help: { url: "help@example.com", comment: "Help" },
        id: { url: "news.example.com", comment: "News" },
      },
      priority: "high",
      inReplyTo: "<a@example.com>",
      references: ["<b@example.com>", "<a@example.com>"],
      xMailer: "Shop 1.0",
    });
    expect(Object.fromEntries(message.headers)).toEqual({
      "X-Campaign": "spring — 2026",
      "X-Raw": "as it is",
      "X-Number": "7",
      "List-Unsubscribe": "<https://example.com/u?t=1>, <mailto:u@example.com>",
      "List-Help": "<mailto:help@example.com> (Help)",
      "List-ID": '"News" <news.example.com>',
      References: "<b@example.com> <a@example.com>",
      "In-Reply-To": "<a@example.com>",
      "X-Priority": "1 (Highest)",
      "X-MSMail-Priority": "High",
      Importance: "High",
      "X-Mailer": "Shop 1.0",
    });
  });

  it("of a list that are several arrive as one", async () => {
    const help = ["https://example.com/help", "help@example.com"];
    expect((await arrived({ list: { help } })).headers).toEqual([
      ["List-Help", "<https://example.com/help>, <mailto:help@example.com>"],
    ]);
  });

  it("given as an array arrive", async () => {
    const message = await arrived({
      headers: [
        { key: "X-One", value: "1" },
        { key: "X-Two", value: "2" },
      ],
    });
    expect(message.headers).toEqual([
      ["X-One", "1"],
      ["X-Two", "2"],
    ]);
  });

  it("with one-click unsubscription arrive", async () => {
    const message = await arrived({
      list: { unsubscribe: "https://example.com/u?t=1" },
      headers: { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
    });
    expect(Object.fromEntries(message.headers)).toEqual({
      "List-Unsubscribe": "<https://example.com/u?t=1>",
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    });
  });

  it("folded over several lines arrive in one", async () => {
    const headers = { "X-Folded": { prepared: true, value: "one\r\n two" }, "X-Too": "one\n\ttwo" };
    expect(Object.fromEntries((await arrived({ headers })).headers)).toEqual({
      "X-Folded": "one two",
      "X-Too": "one\ttwo",
    });
  });

  it("cannot bring others with them", async () => {
    for (const value of ["one\r\nX-Evil: two", { prepared: true, value: "one\nX-Evil: two" }]) {
      expect(await problemsOf({ headers: { "X-One": value } })).toEqual([
        expect.stringMatching(/^headers\.X-One: holds a line break/),
      ]);
    }
  });

  it("of a low priority are told, of a normal one not", async () => {
    expect((await arrived({ priority: "low" })).headers.map(([name]) => name)).toContain("X-Priority");
    expect((await arrived({ priority: "normal" })).headers).toEqual([]);
  });
});

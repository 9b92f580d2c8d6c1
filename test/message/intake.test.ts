import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { prepare } from "../../src/message/prepare.ts";
import { attachment, contextWith, faultsWith, plain, prepareWith } from "./preparing.ts";

const never = new Promise<never>(() => {});

/** Sources that never end, each with a promise that resolves when it is told to stop. */
function endless() {
  let cancelled = () => {};
  const stopped = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  return { stopped, cancelled: () => cancelled() };
}

const sources: [string, () => { content: unknown; stopped: Promise<void> }][] = [
  [
    "a web stream that stalls",
    () => {
      const { stopped, cancelled } = endless();
      return { content: new ReadableStream({ cancel: cancelled }), stopped };
    },
  ],
  [
    "a web stream without an end",
    () => {
      const { stopped, cancelled } = endless();
      const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(1));
      return { content: new ReadableStream({ pull, cancel: cancelled }), stopped };
    },
  ],
  [
    "a Node stream that stalls",
    () => {
      const { stopped, cancelled } = endless();
      const content = new Readable({
        read() {},
        destroy(error, done) {
          cancelled();
          done(error);
        },
      });
      return { content, stopped };
    },
  ],
  [
    "an iterator that stalls",
    () => {
      const { stopped, cancelled } = endless();
      const finish = () => {
        cancelled();
        return Promise.reject(new Error("ignored"));
      };
      return { content: { [Symbol.asyncIterator]: () => ({ next: () => never, return: finish }) }, stopped };
    },
  ],
  [
    "a generator of empty pieces without an end",
    () => {
      const { stopped, cancelled } = endless();
      async function* pieces() {
        try {
          for (;;) yield new Uint8Array(0);
        } finally {
          cancelled();
        }
      }
      return { content: pieces(), stopped };
    },
  ],
];

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => void process.on("unhandledRejection", note));
afterEach(() => {
  process.off("unhandledRejection", note);
  expect(unhandled.splice(0)).toEqual([]);
});

describe("when the deadline passes while a content is read", () => {
  it.each(sources)("%s is given up and cancelled", async (_, make) => {
    const { content, stopped } = make();
    expect(await faultsWith(attachment(content), { deadline: 20 })).toEqual([
      "attachments[0].content: was not read to its end within 20 ms, the time left for this send",
    ]);
    await stopped;
  });

  it("each content that is not there is named, beside all other faults", async () => {
    const faults = await faultsWith(
      { subject: "\n", text: never, html: "<p>", ...attachment(new Blob(["x"])) },
      { deadline: 1 },
    );
    expect(faults[0]).toMatch(/^subject: /);
    expect(faults[1]).toMatch(/^text: was not read to its end within 1 ms/);
  });

  it("a deadline that has passed refuses only what must be waited for", async () => {
    for (const deadline of [0, -5]) {
      expect((await prepareWith(attachment(Uint8Array.of(1)), { deadline })).size).toBe(11);
      expect(await faultsWith({ text: never }, { deadline })).toHaveLength(1);
    }
  });

  it("a deadline of days or none does not pass at once", async () => {
    for (const deadline of [2 ** 40, Number.POSITIVE_INFINITY]) {
      const late = new Promise((resolve) => setTimeout(resolve, 20, "late"));
      expect((await prepareWith({ text: late }, { deadline })).text).toBe("late");
    }
  });
});

describe("when the caller aborts", () => {
  it.each(sources)("%s is given up, cancelled, and the signal's reason thrown", async (_, make) => {
    const { content, stopped } = make();
    const caller = new AbortController();
    const preparing = prepareWith(attachment(content), { signal: caller.signal });
    const reason = { any: "value" };
    setTimeout(() => caller.abort(reason), 5);
    await expect(preparing).rejects.toBe(reason);
    await stopped;
  });

  it("beforehand, nothing is read and what was given is cancelled", async () => {
    // The generator is left out: one that never began has nothing to finish.
    for (const [, make] of sources.slice(0, 4)) {
      const { content, stopped } = make();
      const message = { text: Promise.reject(new Error("handled")), ...attachment(content) };
      await expect(prepareWith(message, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
      await stopped;
    }
  });

  it("a message with faults is an aborted one all the same", async () => {
    await expect(prepareWith({ to: "nobody" }, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
  });

  it("a promise that rejects later is nobody's unhandled rejection", async () => {
    const caller = new AbortController();
    let reject = (_: Error) => {};
    const text = new Promise((_, no) => {
      reject = no;
    });
    const preparing = prepareWith({ text }, { signal: caller.signal });
    caller.abort("gone");
    await expect(preparing).rejects.toBe("gone");
    reject(new Error("too late"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("the size cap", () => {
  const limit = { maxBytes: 100 };
  const fault = "size: text, html and attachments are more than 100 bytes together; no provider takes more";

  it.each<[string, () => Record<string, unknown>]>([
    ["text", () => ({ text: "é".repeat(51) })],
    ["html of a promise", () => ({ html: Promise.resolve("x".repeat(101)) })],
    ["bytes", () => attachment(new Uint8Array(101))],
    ["UTF-8", () => attachment("é".repeat(51), { encoding: "utf8" })],
    ["base64", () => attachment(Buffer.alloc(101).toString("base64"), { encoding: "base64" })],
    ["a Blob", () => attachment(new Blob([new Uint8Array(101)]))],
    ["all together", () => ({ html: "x".repeat(45), ...attachment(new Uint8Array(46)) })],
  ])("holds for %s", async (_, make) => {
    expect(await faultsWith(make(), limit)).toEqual([fault]);
  });

  it("is not passed by as many bytes as it says", async () => {
    expect((await prepareWith(attachment(new Uint8Array(90)), limit)).size).toBe(100);
  });

  it("ends every stream, that one without an end and those beside it", async () => {
    const [stalled, infinite] = [sources[0]?.[1](), sources[1]?.[1]()];
    const attachments = [stalled, infinite].map((source) => ({ filename: "a", content: source?.content }));
    expect(await faultsWith({ attachments }, limit)).toEqual([fault]);
    await Promise.all([stalled?.stopped, infinite?.stopped]);
  });

  it("is 40 MiB by default", async () => {
    const most = 40 * 1024 * 1024;
    expect((await prepareWith({ ...attachment(new Uint8Array(most)), text: "" })).size).toBe(most);
    expect(await faultsWith(attachment(new Uint8Array(most)))).toEqual([expect.stringMatching(/^size: /)]);
  });
});

it("a source that gives what is no bytes is cancelled", async () => {
  const cancel = vi.fn();
  const content = new ReadableStream({ pull: (controller) => controller.enqueue("text"), cancel });
  expect(await faultsWith(attachment(content))).toHaveLength(1);
  expect(cancel).toHaveBeenCalledOnce();
});

it("a Node stream that fails at once is a fault, not an uncaught error", async () => {
  const content = new Readable({ read() {} });
  process.nextTick(() => content.destroy(new RangeError()));
  expect(await faultsWith(attachment(content))).toEqual(["attachments[0].content: could not be read (RangeError)"]);
});

it("a file stream that fails after it was given up does not end the process", async () => {
  const failed = () => {
    const content = createReadStream("/missing/file");
    return { content, closed: new Promise<void>((resolve) => content.once("close", () => resolve())) };
  };
  const [before, during] = [failed(), failed()];
  await expect(prepareWith(attachment(before.content), { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
  const caller = new AbortController();
  const preparing = prepareWith(attachment(during.content), { signal: caller.signal });
  caller.abort("gone");
  await expect(preparing).rejects.toBe("gone");
  await Promise.all([before.closed, during.closed]);
});

it("leaves nothing on the caller's signal, however often it is used", async () => {
  const caller = new AbortController();
  const added = vi.spyOn(caller.signal, "addEventListener");
  const removed = vi.spyOn(caller.signal, "removeEventListener");
  await prepare({ ...plain, text: Promise.resolve("Hello") }, contextWith({ signal: caller.signal }));
  expect(added.mock.calls.map(([, listener]) => listener)).toEqual(removed.mock.calls.map(([, listener]) => listener));
  expect(added).toHaveBeenCalledOnce();
});

it("a process has nothing left to wait for once a message is prepared or refused", async () => {
  const script = `
    import { prepare } from "./src/message/prepare.ts";
    const context = { id: "1", providerNames: [], signal: new AbortController().signal, deadline: 600_000 };
    const message = { from: "a@example.org", to: "b@example.org", subject: "", text: Promise.resolve("") };
    await prepare(message, context);
    await prepare({ ...message, to: "nobody" }, context).catch((error) => console.log(error.kind));
  `;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
    timeout: 15_000,
  });
  expect(stdout).toBe("invalid\n");
});

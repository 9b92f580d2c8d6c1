import fc from "fast-check";
import { it } from "vitest";
import type { EspName } from "../../src/testing/index.ts";
import { espNames } from "../contract/support/esps.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { stopTime } from "../wire/harness.ts";
import { answer, describeAnswer, type HostileAnswer, json, receipt, refusal } from "./response-support/answer.ts";
import { checkAll, loadSdks } from "./response-support/batches.ts";
import { cutOff } from "./response-support/deliveries-cut-off.ts";
import { faithful } from "./response-support/deliveries-faithful.ts";
import { twisted } from "./response-support/deliveries-twisted.ts";
import { expectationBy } from "./response-support/delivery.ts";
import { meet } from "./response-support/exchange.ts";

loadSdks();
silenceWarnings();

const count = 750;

const page = "<html><body>It did not work</body></html>";

/** Answers of which it is known what they mean, were they only told as HTTP tells them. */
const plainAnswers = (esp: EspName): readonly HostileAnswer[] => [
  receipt(esp, "id-1"),
  receipt(esp, "id-1"),
  refusal(esp),
  refusal(esp, 503),
  answer(503, page, [["content-type", "text/html"]]),
  answer(503, page, [["retry-after", "7"]]),
  answer(429, "{}", [json, ["retry-after", "7"]]),
  answer(302, page, [["location", "/other"]]),
  answer(200, page, [["content-type", "text/html"]]),
  answer(500, page),
];

it.each(espNames)(
  `%s may put its answer on the wire as it likes, ${count} times, and only a whole one counts`,
  async (esp) => {
    stopTime();
    const cases = fc.record({
      meant: fc.constantFrom(...plainAnswers(esp)),
      delivery: fc.oneof(faithful, cutOff, twisted),
    });
    await checkAll(count, cases, (list) =>
      meet(
        list.map(({ meant, delivery }) => ({
          esp,
          expected: expectationBy(esp, meant, delivery),
          deliver: (request) => delivery.deliver(meant, request),
          describe: () => `${delivery.what}\n${describeAnswer(meant)}`,
        })),
      ),
    );
  },
  120_000,
);

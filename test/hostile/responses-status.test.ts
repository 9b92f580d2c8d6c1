import { it } from "vitest";
import { espNames } from "../contract/support/esps.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { stopTime } from "../wire/harness.ts";
import { answer, describeAnswer, type HostileAnswer } from "./response-support/answer.ts";
import { loadSdks } from "./response-support/batches.ts";
import { meet } from "./response-support/exchange.ts";
import { type Expectation, expectationOf } from "./response-support/oracle.ts";
import { bytesOf } from "./response-support/wire-form.ts";

loadSdks();
silenceWarnings();

const hundreds = [1, 2, 3, 4, 5, 6, 7, 8, 9];

const pageWith = (status: number): HostileAnswer => answer(status, "<html></html>", [["content-type", "text/html"]]);

/** An interim answer says nothing yet, so what is waited for is another. */
const afterInterim: Expectation = { verdicts: ["maybe"], reasons: ["timeout", "bad-response"] };

it.each(hundreds)(
  "every status from %i00 on is told for what it means, whoever gives it with a page",
  async (hundred) => {
    stopTime();
    const statuses = Array.from({ length: 100 }, (_, i) => hundred * 100 + i);
    for (const esp of espNames) {
      // Each status at one ESP here; those that mean something come up everywhere among the answers at random.
      const some = statuses.filter((status) => espNames[status % espNames.length] === esp).map(pageWith);
      await meet(
        some.map((given) => ({
          esp,
          expected: given.status < 200 ? afterInterim : expectationOf(esp, given),
          deliver: ({ connection }) => void connection.stream.write(bytesOf(given)),
          describe: () => describeAnswer(given),
        })),
      );
    }
  },
);

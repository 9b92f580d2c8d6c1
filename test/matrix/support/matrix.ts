import { describe, it } from "vitest";
import type { EspName } from "../../../src/testing/index.ts";
import { silenceWarnings } from "../../mailer/support.ts";
import { schemes } from "../../wire/raw-server.ts";
import { brokenOffAnswers } from "../faults/answers-broken-off.ts";
import { malformedAnswers } from "../faults/answers-malformed.ts";
import { wholeAnswers } from "../faults/answers-whole.ts";
import { connectionFaults } from "../faults/connecting.ts";
import type { ConnectionUse, MatrixFault } from "../faults/fault.ts";
import { keptConnectionFaults } from "../faults/kept-connections.ts";
import { simulatedFaults } from "../faults/simulated.ts";
import { uploadFaults } from "../faults/uploading.ts";
import { checkCell } from "./cell.ts";
import { trustTestCertificates } from "./certificates.ts";

const faults: readonly MatrixFault[] = [
  ...simulatedFaults,
  ...connectionFaults,
  ...uploadFaults,
  ...brokenOffAnswers,
  ...malformedAnswers,
  ...wholeAnswers,
  ...keptConnectionFaults,
];

const uses: readonly ConnectionUse[] = ["first request", "reused connection"];
const policies = ["stop", "failover"] as const;

/** Every fault at one ESP: over HTTP and HTTPS, on a new and on a used connection, with both policies. */
export function describeFaultsAt(name: EspName): void {
  silenceWarnings();
  trustTestCertificates();

  describe.each(schemes)(`${name} over %s`, (scheme) => {
    describe.each(uses)("%s", (connection) => {
      const possible = faults.filter(({ over = scheme, on = connection }) => over === scheme && on === connection);
      const rows = possible.map((fault) => [fault.what, inWords(fault, name), fault] as const);

      describe.each(policies)("onUnknown “%s”", (onUnknown) => {
        it.each(rows)("%s: %s", async (_what, _verdict, fault) => {
          await checkCell({ name, scheme, connection, onUnknown }, fault);
        });
      });
    });
  });
}

function inWords({ at, ...fault }: MatrixFault, name: EspName): string {
  const { reason, connection } = { ...fault, ...at?.[name] };
  return `${reason}, connection ${connection}`;
}

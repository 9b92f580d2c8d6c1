import { readFileSync } from "node:fs";
import tls from "node:tls";
import { beforeEach, vi } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

export const key = read("../../wire/fixtures/key.pem");

/** Each but the last two is trusted, so that nothing else is wrong with it than what its name says. */
export const certificates = {
  good: read("../../wire/fixtures/cert.pem"),
  expired: read("../fixtures/expired.pem"),
  notYetValid: read("../fixtures/not-yet-valid.pem"),
  otherHost: read("../fixtures/other-host.pem"),
  selfSigned: read("../fixtures/self-signed.pem"),
  issuerMissing: read("../fixtures/issuer-missing.pem"),
} as const;

const { good, expired, notYetValid, otherHost } = certificates;
const clientContext = tls.createSecureContext({ ca: [good, expired, notYetValid, otherHost] });
/** Of a server that is well. */
export const serverContext = tls.createSecureContext({ key, cert: good });

/**
 * Has this process trust the certificates by default, as NODE_EXTRA_CA_CERTS has it for a process from its start: an
 * adapter then needs no agent of the user's, and the connections are its own to close.
 */
export function trustTestCertificates(): void {
  beforeEach(() => {
    const { createSecureContext } = tls;
    vi.spyOn(tls, "createSecureContext").mockImplementation((options) =>
      options?.cert ? createSecureContext(options) : clientContext,
    );
  });
}

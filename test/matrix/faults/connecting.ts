import type net from "node:net";
import type tls from "node:tls";
import { certificates } from "../support/certificates.ts";
import type { GateFault } from "../support/gate.ts";
import type { MatrixFault, Verdict } from "./fault.ts";

type Act = (tcp: net.Socket) => unknown;

/** Nothing was sent, since there never was a connection that was ready for a request. */
const unreachable = { reason: "unreachable", requests: 0, connects: 1, connection: "closed" } as const;

/** Over HTTPS alone, where there is a handshake. */
const inHandshake = (
  what: string,
  how: MatrixFault["how"],
  code: string | RegExp,
  rest: Partial<Verdict> = {},
): MatrixFault => ({ what, how, over: "https", ...unreachable, code, ...rest });

const byTls = (options: tls.TLSSocketOptions & tls.SecureContextOptions): GateFault => ({
  strikes: "handshake",
  tls: options,
});

const afterFirstBytes = (act: Act): GateFault => ({
  strikes: "connection",
  act: (tcp) => void tcp.once("data", () => act(tcp)),
});

const { selfSigned, issuerMissing, otherHost, expired, notYetValid } = certificates;
const clientCertificate = { requestCert: true, rejectUnauthorized: true };

/** A record of the handshake that announces more bytes than come. */
const halfServerHello = Buffer.from("160303007a020000760303", "hex");
/** A fatal alert of RFC 8446 §6.2. */
const alert = (description: number) => Buffer.from([0x15, 3, 3, 0, 2, 2, description]);
const handshakeFailure = alert(40);
const protocolVersion = alert(70);

const badRequest = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";

const certificateFaults: readonly MatrixFault[] = [
  inHandshake("a certificate that nobody vouches for", byTls({ cert: selfSigned }), "DEPTH_ZERO_SELF_SIGNED_CERT"),
  inHandshake(
    "a certificate whose issuer nobody knows",
    byTls({ cert: issuerMissing }),
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ),
  inHandshake("a certificate for another host", byTls({ cert: otherHost }), "ERR_TLS_CERT_ALTNAME_INVALID"),
  inHandshake("an expired certificate", byTls({ cert: expired }), "CERT_HAS_EXPIRED"),
  inHandshake("a certificate that is not valid yet", byTls({ cert: notYetValid }), "CERT_NOT_YET_VALID"),
  inHandshake(
    "a server that wants a certificate of the client, in TLS 1.2",
    byTls({ ...clientCertificate, maxVersion: "TLSv1.2" }),
    /^ERR_SSL_.*ALERT/,
  ),
  // In TLS 1.3 the client is done before the server looks, and the request is on its way.
  inHandshake(
    "a server that wants a certificate of the client, in TLS 1.3",
    byTls(clientCertificate),
    /^(ERR_SSL_.*CERTIFICATE_REQUIRED|ECONNRESET|EPIPE)$/,
    { reason: "response-lost" },
  ),
];

const handshakeFaults: readonly MatrixFault[] = (
  [
    ["a reset in the handshake", (tcp) => tcp.resetAndDestroy(), "ECONNRESET"],
    ["the end of the connection in the handshake", (tcp) => tcp.end(), "ECONNRESET"],
    [
      "half a ServerHello, then a reset",
      (tcp) => tcp.write(halfServerHello, () => tcp.resetAndDestroy()),
      "ECONNRESET",
    ],
    ["half a ServerHello, then the end of the connection", (tcp) => tcp.end(halfServerHello), "ECONNRESET"],
    ["a server that breaks off the handshake", (tcp) => tcp.end(handshakeFailure), /ALERT_HANDSHAKE_FAILURE/],
    ["a server that knows only old versions of TLS", (tcp) => tcp.end(protocolVersion), /ALERT_PROTOCOL_VERSION/],
    ["plain HTTP on the port for TLS", (tcp) => tcp.end(badRequest), /^ERR_SSL_/],
    ["a mail server on the port for TLS", (tcp) => tcp.write("220 smtp.example.com ESMTP\r\n"), /^ERR_SSL_/],
  ] satisfies [string, Act, string | RegExp][]
).map(([what, act, code]) => inHandshake(what, afterFirstBytes(act), code));

const handshakeStalls: readonly MatrixFault[] = (
  [
    ["a handshake that is never answered", () => {}],
    ["half a ServerHello, then silence", (tcp) => tcp.write(halfServerHello)],
  ] satisfies [string, Act][]
).map(([what, act]) => inHandshake(what, afterFirstBytes(act), "ETIMEDOUT", { stalls: "in the handshake" }));

export const connectionFaults: readonly MatrixFault[] = [
  {
    what: "the end of the connection as soon as it is made",
    how: { strikes: "connection", act: (tcp) => tcp.end() },
    ...unreachable,
    reason: "by phase",
    code: /^(ECONNRESET|EPIPE)$/,
  },
  {
    what: "TLS on the port for plain HTTP",
    how: afterFirstBytes((tcp) => tcp.end(protocolVersion)),
    over: "http",
    ...unreachable,
    reason: "bad-response",
    code: /^HPE_/,
  },
  ...certificateFaults,
  ...handshakeFaults,
  ...handshakeStalls,
];

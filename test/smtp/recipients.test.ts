import { describe, expect, it } from "vitest";
import { Context, failureOf, prepared, providerAt, server } from "./harness.ts";

const three = { to: ["ada@example.org", "bob@example.org"], cc: "eve@example.org" };

describe.each([
  ["with PIPELINING", ["PIPELINING"]],
  ["without PIPELINING", []],
])("of several recipients, %s,", (_, extensions) => {
  it("one that is refused keeps the message from all", async () => {
    const script = ({ point, line }: { point: string; line: string }) =>
      point === "RCPT" && line.includes("bob") ? { say: "550 5.1.1 <bob@example.org> unknown" } : undefined;
    const esp = await server({ extensions, script });
    const failure = await failureOf(providerAt(esp), await prepared(three));
    expect(failure).toMatchObject({ reason: "rejected", sent: "no", status: 550, code: "5.1.1" });
    expect(failure.detail).not.toContain("bob");
    await esp.until(() => esp.open === 0);
    expect(esp.inbox).toEqual([]);
  });

  it("one that is refused for now is left to another provider", async () => {
    const script = ({ point, line }: { point: string; line: string }) =>
      point === "RCPT" && line.includes("bob") ? { say: "452 4.2.2 Mailbox full" } : undefined;
    const esp = await server({ extensions, script });
    const failure = await failureOf(providerAt(esp), await prepared(three));
    expect(failure).toMatchObject({ reason: "unsupported", scope: "message", sent: "no" });
    expect(esp.inbox).toEqual([]);
  });

  it("all that are refused, some for now and one for good, count as refused for good", async () => {
    const script = ({ point, line }: { point: string; line: string }) => {
      if (point !== "RCPT") return undefined;
      return { say: line.includes("eve") ? "550 5.1.1 Unknown" : "451 4.7.1 Try again in 5 minutes" };
    };
    const esp = await server({ extensions, script });
    const failure = await failureOf(providerAt(esp), await prepared(three));
    expect(failure).toMatchObject({ reason: "rejected", status: 550 });
  });

  it("one whose reply makes no sense keeps the message from all", async () => {
    const script = ({ point, line }: { point: string; line: string }) =>
      point === "RCPT" && line.includes("bob") ? { say: "25 Ok" } : undefined;
    const esp = await server({ extensions, script });
    expect(await failureOf(providerAt(esp), await prepared(three))).toMatchObject({ sent: "no" });
    await esp.until(() => esp.open === 0);
    expect(esp.inbox).toEqual([]);
  });

  it("one whose reply makes no sense, and who may have been taken, gets no empty mail", async () => {
    const script = ({ point }: { point: string }) => {
      if (point === "RCPT") return { say: "certainly!" };
      return point === "DATA" ? { say: "354 Go ahead" } : undefined;
    };
    const esp = await server({ extensions, script });
    expect(await failureOf(providerAt(esp))).toMatchObject({ reason: "unreachable", sent: "no" });
    await esp.until(() => esp.open === 0);
    expect(esp.reached("end")).toBe(0);
  });

  it("one with letters outside ASCII before the @ is announced, as the headers that will name it", async () => {
    const esp = await server({ extensions: [...extensions, "8BITMIME", "SMTPUTF8"] });
    await providerAt(esp).send(await prepared({ to: "grüße@example.org" }), new Context());
    expect(esp.lines).toContain("MAIL FROM:<orders@example.com> SMTPUTF8 BODY=8BITMIME");
    expect(esp.inbox[0]?.data).toContain("\r\nTo: grüße@example.org\r\n");
  });

  it("each gets one copy, also one that is named twice, and bcc stands nowhere in the mail", async () => {
    const esp = await server({ extensions });
    const message = await prepared({ ...three, bcc: ["hidden@example.net", "ada@example.org"] });
    await providerAt(esp).send(message, new Context());
    expect(esp.inbox).toHaveLength(1);
    expect(esp.inbox[0]?.to).toEqual(["ada@example.org", "bob@example.org", "eve@example.org", "hidden@example.net"]);
    expect(esp.inbox[0]?.data).not.toContain("hidden@");
  });
});

it("a server that takes DATA with anything but 354 gets no message", async () => {
  const esp = await server({ script: ({ point }) => (point === "DATA" ? { say: "250 2.0.0 Ok" } : undefined) });
  const failure = await failureOf(providerAt(esp));
  expect(failure).toMatchObject({ reason: "unavailable", sent: "no", status: 250 });
  expect(esp.inbox).toEqual([]);
});

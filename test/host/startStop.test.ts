// Telling a session process to stop, against a real port.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { stopSession } from "../../src/host/start/stopSession";
import type { ProcessFacts } from "../../src/recorder/liveness";
import type { LaunchClaim } from "../../src/session/launch";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function claim(url: string | undefined): LaunchClaim {
  return {
    version: 1,
    id: "a",
    pid: 4711,
    processStart: "5",
    claimedAt: "2026-01-01T00:00:00.000Z",
    ...(url === undefined ? {} : { control: { url, token: "secret" } }),
  };
}

const alive =
  (start = "5") =>
  (): ProcessFacts => ({ type: "present", isZombie: false, start });

describe("stopping a session", () => {
  it("asks its process with the token that only it and we know", async () => {
    const asked: unknown[] = [];
    const url = await listen((request, response) => {
      asked.push([request.method, request.url, request.headers.authorization]);
      response.writeHead(202).end("{}");
    });
    const killed: number[] = [];
    expect(await stopSession(claim(url), alive(), (pid) => killed.push(pid))).toBe("asked");
    expect(asked).toEqual([["POST", "/stop", "Bearer secret"]]);
    expect(killed).toEqual([]);
  });

  it.each([
    ["refuses", (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(401).end()],
    ["hangs up", (request: IncomingMessage) => void request.socket.destroy()],
  ])("signals the process where the port %s", async (_how, answer) => {
    const killed: number[] = [];
    expect(await stopSession(claim(await listen(answer)), alive(), (pid) => killed.push(pid))).toBe("signalled");
    expect(killed).toEqual([4711]);
  });

  it.each([undefined, "http://127.0.0.1:9", "http://example.invalid", "https://127.0.0.1:9", "nonsense"])(
    "signals the process where the port is %s",
    async (url) => {
      const killed: number[] = [];
      expect(await stopSession(claim(url), alive(), (pid) => killed.push(pid))).toBe("signalled");
      expect(killed).toEqual([4711]);
    },
  );

  it("never signals another process that has the number now", async () => {
    const killed: number[] = [];
    expect(await stopSession(claim(undefined), alive("6"), (pid) => killed.push(pid))).toBe("gone");
    expect(
      await stopSession(
        claim(undefined),
        () => ({ type: "absent" }),
        (pid) => killed.push(pid),
      ),
    ).toBe("gone");
    expect(killed).toEqual([]);
  });
});

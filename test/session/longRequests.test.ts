// A server that waits for no request for long, and requests that may take long all the same.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { allowLong, closeFaultyConnections } from "../../src/session/longRequests";
import { rawClient } from "./otlpClient";

it("a request that limits itself goes on where others are cut off, and the next one on its connection is like others", async () => {
  const limits = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };
  const server = createServer(limits, (request, response) => {
    if (request.url === "/long") allowLong(request);
    request.resume();
    request.on("end", () => response.end("whole"));
  });
  closeFaultyConnections(server);
  let expired = 0;
  server.on("clientError", () => expired++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const head = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na`;
  const short = rawClient(port);
  const long = rawClient(port);
  short.send(head("/short"));
  long.send(head("/long"));
  await short.closed;
  // Node has told of the other one, too.
  await expect.poll(() => expired).toBe(2);
  long.send("b");
  expect(await Promise.race([long.until(/whole/), long.closed])).toMatch(/whole/);
  long.send(head("/short"));
  await long.closed;
  server.close();
});

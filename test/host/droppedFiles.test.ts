import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DataTransfer } from "vscode";
import { silentLogger } from "../../src/base/logger";
import { DroppedFiles } from "../../src/host/sessions/droppedFiles";

vi.mock("vscode", () => ({ Uri: { parse: (text: string) => text } }));
const opened: unknown[] = [];
const failed: unknown[] = [];
vi.mock("../../src/host/openTraceFile", () => ({
  openTraceFile: async (uri: string) => {
    if (uri.startsWith("http")) throw new Error(`not ${uri}`);
    opened.push(uri);
  },
}));
vi.mock("../../src/host/commandEdge", () => ({
  reportError: (_logger: unknown, _context: string, error: Error) => failed.push(error.message),
}));

beforeEach(() => {
  opened.length = 0;
  failed.length = 0;
});

function drop(text: string | undefined): Promise<void> {
  const item = text === undefined ? undefined : { asString: async () => text };
  const dropped = { get: (type: string) => (type === "text/uri-list" ? item : undefined) };
  return new DroppedFiles(silentLogger).handleDrop(undefined, dropped as unknown as DataTransfer);
}

describe("files that are dropped onto the view", () => {
  it("open one after the other, and one that can't be opened keeps no other from it", async () => {
    await drop("file:///a.jsonl\r\n# a comment\r\nhttp://example.org/b.json\r\nfile:///c.json\r\n");
    expect(opened).toEqual(["file:///a.jsonl", "file:///c.json"]);
    expect(failed).toEqual(["not http://example.org/b.json"]);
  });

  it("open up to twenty of many", async () => {
    await drop(Array.from({ length: 50 }, (_, index) => `file:///${index}.json`).join("\n"));
    expect(opened).toHaveLength(20);
  });

  it("are none where something else is dropped", async () => {
    await drop(undefined);
    expect(opened).toEqual([]);
  });
});

// What is printed for a person to paste into the shell of the programs that send spans.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { collectingText } from "../../src/session/collectingText";

const env = {
  PATH: "/bin",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
  TRACEKEEPER_SESSION_ID: "it's $HOME \u2019",
  TRACEKEEPER_NODE_OPTIONS: "--inspect",
};

describe("what a person is told who collects only", () => {
  it("is read by a shell of POSIX as it was meant", () => {
    const [first, ...lines] = collectingText(env, "linux").trimEnd().split("\n");
    expect(first).toBe("Spans are collected until Ctrl+C. Programs send them with this in their environment:");
    expect(lines.slice(0, 2)).toEqual([
      "  export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318",
      "  export OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20abc",
    ]);
    expect(lines).toHaveLength(3);
    if (process.platform === "win32") return;
    const script = `${lines.join("\n")}\nprintf %s "$TRACEKEEPER_SESSION_ID"`;
    expect(execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" })).toBe(env.TRACEKEEPER_SESSION_ID);
  });

  it("is for PowerShell on Windows", () => {
    expect(collectingText(env, "win32").trimEnd().split("\n")).toEqual([
      "Spans are collected until Ctrl+C. Programs send them with this in their environment (PowerShell):",
      "  $env:OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318'",
      "  $env:OTEL_EXPORTER_OTLP_HEADERS = 'authorization=Bearer%20abc'",
      "  $env:TRACEKEEPER_SESSION_ID = 'it''s $HOME \u2019\u2019'",
    ]);
  });
});

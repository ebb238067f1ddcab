// What the session process gets of the environment and what its program gets, put aside by a real shell in between.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pinnedNode } from "../../scripts/lib/paths.mjs";
import { childEnvironment } from "../../src/session/childEnvironment";
import { sessionCommand } from "../../src/session/sessionCommand";
import { makeTempDir } from "../support/tempDir";

const target = {
  url: "http://127.0.0.1:1234",
  token: "secret",
  sessionId: "s",
  traceId: "01a1fd00-0000-7000-8000-000000000001",
  spanId: "00000000000000aa",
};

const ours = {
  PWD: "/work",
  TRACEKEEPER_SESSION_ID: "s",
  TRACEKEEPER_SPAN_ID: "00000000000000aa",
  TRACEPARENT: "00-01a1fd00000070008000000000000001-00000000000000aa-01",
};
const exporter = {
  TRACEKEEPER_OTLP_ENDPOINT: "http://127.0.0.1:1234",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1234",
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20secret",
};

function made(environment: Record<string, string>, changes?: Record<string, string | null>) {
  return childEnvironment({ environment, changes, cwd: "/work", target, platform: "linux" });
}

describe("the environment of a program", () => {
  it("has all that the terminal's had, and where spans go", () => {
    expect(made({ PATH: "/bin", LANG: "C" }).env).toEqual({ PATH: "/bin", LANG: "C", ...ours, ...exporter });
  });

  it("has the launch's changes, and not what one takes away", () => {
    const { env } = made({ A: "1", B: "2" }, { A: null, B: "3", C: "4" });
    expect(env).toEqual({ B: "3", C: "4", ...ours, ...exporter });
  });

  it.each(["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])("keeps the person's %s", (name) => {
    const { env, keptEndpoint } = made({ [name]: "http://user:pass@own:4318/x", TRACEPARENT: "theirs" });
    expect(env).toEqual({ ...ours, [name]: "http://user:pass@own:4318/x", TRACEPARENT: "theirs" });
    expect(keptEndpoint).toBe("http://own:4318/x");
  });

  it("keeps an endpoint that the launch sets", () => {
    expect(made({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://own" }).keptEndpoint).toBe("http://own/");
  });

  it.each([
    ["https://me:secret@host:4318/base?key=secret", "https://host:4318/base"],
    ["me:secret@host:4318", "host:4318"],
    ["host?key=secret", "host"],
  ])("keeps no password of an endpoint: %s", (endpoint, kept) => {
    expect(made({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).keptEndpoint).toBe(kept);
  });

  it("lets no setting for traces alone lead spans elsewhere", () => {
    const { env } = made({ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_TRACES_HEADERS: "a=b" });
    expect(env["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]).toBe("http/protobuf");
    expect(env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]).toBe("authorization=Bearer%20secret");
  });

  it.each(["METRICS_ENDPOINT", "LOGS_ENDPOINT", "HEADERS", "PROTOCOL"])(
    "leaves an exporter of the person's for more than traces as it is: %s",
    (name) => {
      const own = { [`OTEL_EXPORTER_OTLP_${name}`]: "the person's" };
      const { env } = made(own);
      expect(env).toMatchObject(own);
      expect(env).not.toHaveProperty("OTEL_EXPORTER_OTLP_ENDPOINT");
      expect(env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/traces$/);
      expect(env).toMatchObject({
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: expect.stringContaining("Bearer"),
      });
      const inner = made(env).env;
      expect(inner).toEqual({ ...env, TRACEPARENT: inner["TRACEPARENT"] });
    },
  );

  it("within another session leads to the inner one, and names the outer one", () => {
    const outer = {
      ...ours,
      TRACEKEEPER_SESSION_ID: "outer",
      ...exporter,
      ...{ TRACEKEEPER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
    };
    const { env, outer: found } = made({ ...outer, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
    expect(env).toEqual({ ...ours, ...exporter });
    expect(found).toEqual({
      sessionId: "outer",
      traceId: "01a1fd00-0000-7000-8000-000000000001",
      spanId: "00000000000000aa",
    });
  });

  it("has no receiver where there is none", () => {
    const { env } = childEnvironment({
      environment: {},
      changes: undefined,
      cwd: "/work",
      target: { ...target, url: undefined },
      platform: "linux",
    });
    expect(env).toEqual(ours);
  });

  it("on Windows knows names in any case, and has no PWD", () => {
    const environment = { Path: "x", electron_run_as_node: "1", Otel_Exporter_Otlp_Endpoint: "http://own" };
    const { env } = childEnvironment({ environment, changes: { PATH: "y" }, cwd: "C:\\", target, platform: "win32" });
    const { PWD: _pwd, ...rest } = ours;
    expect(env).toEqual({ ...rest, PATH: "y", Otel_Exporter_Otlp_Endpoint: "http://own" });
  });
});

describe("the command of a session process", () => {
  it("gives Node nothing that is meant for the program, and the program all of it", async () => {
    await using folder = await makeTempDir();
    const program = await folder.write(
      "program.js",
      "console.log(JSON.stringify([process.argv.slice(2), process.env, process.pid, process.ppid]))",
    );
    const launchPath = folder.join("it's a $launch.json");
    const { file, args, env } = sessionCommand({ execPath: pinnedNode, program, launchPath, isElectron: false });
    const given = {
      NODE_OPTIONS: '--require "/no/such file.js" $(echo x)',
      VSCODE_INSPECTOR_OPTIONS: '{"a":"b"}\n',
      NODE_V8_COVERAGE: "",
      TRACEKEEPER_NODE_DEBUG: "left over",
      OTHER: "1",
    };
    const text = execFileSync(file, [...args], { env: { ...given, ...env }, encoding: "utf8" });
    const [words, seen] = JSON.parse(text) as [string[], Record<string, string>];
    expect(words).toEqual(["--launch", launchPath]);
    for (const name of ["NODE_OPTIONS", "VSCODE_INSPECTOR_OPTIONS", "NODE_V8_COVERAGE"])
      expect(seen).not.toHaveProperty(name);
    const { env: back } = made(seen);
    const { TRACEKEEPER_NODE_DEBUG: _left, ...wanted } = given;
    expect(back).toMatchObject(wanted);
    expect(back).not.toHaveProperty("NODE_DEBUG");
    expect(Object.keys(back).filter((name) => name.startsWith("TRACEKEEPER_NODE"))).toEqual([]);
  });

  it.runIf(existsSync("/bin/bash"))("keeps variables whose names are no identifiers, as those of functions", () => {
    const given = { "BASH_FUNC_module%%": "() { echo loaded\n}", "a.b": "1", "IN-PUT": "2", BASH_ENV: "/no/such/file" };
    const script = ["-e", "console.log(JSON.stringify(process.env))"];
    const { file, args } = sessionCommand({ execPath: pinnedNode, program: "", launchPath: "", isElectron: false });
    const words = [...args.slice(0, args.indexOf(pinnedNode) + 1), ...script];
    expect(JSON.parse(execFileSync(file, words, { env: given, encoding: "utf8" }))).toMatchObject(given);
  });

  it("of Electron runs it as Node, and the program does not get that", () => {
    const { env } = sessionCommand({ execPath: "/code", program: "s.js", launchPath: "l", isElectron: true });
    expect(env).toEqual({ ELECTRON_RUN_AS_NODE: "1" });
    expect(made(env).env).toEqual({ ...ours, ...exporter });
  });

  it("on Windows is Node itself", () => {
    const request = { execPath: "node.exe", program: "s.js", launchPath: "l.json", isElectron: false } as const;
    expect(sessionCommand({ ...request, platform: "win32" })).toEqual({
      file: "node.exe",
      args: ["s.js", "--launch", "l.json"],
      env: {},
    });
  });
});

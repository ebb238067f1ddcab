import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Place } from "../../src/trace/place";
import { bestPlace, findPlaces } from "../../src/trace/places";
import { placesInText } from "../../src/trace/placesInText";
import type { TraceSpan } from "../../src/trace/schema";

function span(parts: Partial<TraceSpan>): TraceSpan {
  return { spanId: "a", parentSpanId: null, name: "bash", kind: "tool", startTime: 0, status: "ok", ...parts };
}

function failed(statusMessage: string): TraceSpan {
  return span({ status: "error", statusMessage });
}

function show(place: Place): string {
  const line = place.line === undefined ? "" : `:${place.line}`;
  const column = place.column === undefined ? "" : `:${place.column}`;
  const find = place.find === undefined ? "" : ` find ${place.find.join(" | ")}`;
  return `${place.path}${line}${column}${find}`;
}

function places(of: TraceSpan): string[] {
  return findPlaces(of).map(show);
}

const errorTexts: [name: string, text: string, expected: string[]][] = [
  [
    "V8, own frames before the runtime's",
    "AssertionError: expected 10.13 to be 10.12\n    at Object.<anonymous> (/repo/test/billing/tax.test.ts:41:23)\n    at processTicksAndRejections (node:internal/process/task_queues:95:5)",
    ["/repo/test/billing/tax.test.ts:41:23"],
  ],
  [
    "V8 without a function, async, in a file URL with an escaped space",
    "Error: x\n    at file:///home/me/my%20app/src/a.mjs:3:7\n    at async run (file:///home/me/my%20app/src/b.mjs:9:1)\n    at async /srv/app/c.js:4:2",
    ["/home/me/my app/src/a.mjs:3:7", "/home/me/my app/src/b.mjs:9:1", "/srv/app/c.js:4:2"],
  ],
  [
    "V8, frames of dependencies are left out where there are own ones",
    "TypeError: x is not a function\n    at Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)\n    at handler (/app/src/routes.js:12:3)\n    at Promise.all (index 0)\n    at new Promise (<anonymous>)",
    ["/app/src/routes.js:12:3"],
  ],
  [
    "V8, only frames of dependencies",
    "TypeError: x\n    at Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)",
    ["/app/node_modules/express/lib/router/layer.js:95:5"],
  ],
  [
    "V8 on Windows with spaces and brackets",
    "Error: x\n    at run (C:\\Program Files (x86)\\my app\\src\\index.ts:10:5)\n    at D:\\work\\a.ts:1:2",
    ["C:\\Program Files (x86)\\my app\\src\\index.ts:10:5", "D:\\work\\a.ts:1:2"],
  ],
  ["a Windows file URL", "    at run (file:///C:/x/y.ts:3:5)", ["C:/x/y.ts:3:5"]],
  [
    "a method alias and eval",
    "    at Foo.bar [as baz] (/r/a.js:1:2)\n    at eval (eval at run (/r/b.js:5:6), <anonymous>:1:1)",
    ["/r/a.js:1:2", "/r/b.js:5:6"],
  ],
  [
    "a path with route groups and parameters",
    "    at Page (/web/app/(shop)/[id]/page.tsx:8:11)\n./app/(shop)/[id]/layout.tsx:2:1: oops",
    ["/web/app/(shop)/[id]/page.tsx:8:11", "./app/(shop)/[id]/layout.tsx:2:1"],
  ],
  [
    "webpack and vite URLs",
    "    at render (webpack:///./src/App.vue?a1b2:12:5)\n    at setup (webpack-internal:///./src/main.ts:3:1)\n    at f (http://localhost:5173/src/views/Home.tsx?t=17123:20:9)\n    at g (http://localhost:5173/@fs/home/me/lib/x.ts:1:1)",
    ["src/App.vue:12:5", "src/main.ts:3:1", "src/views/Home.tsx:20:9", "/home/me/lib/x.ts:1:1"],
  ],
  [
    "Firefox and Safari",
    "render@http://localhost:3000/src/app.js:10:15\n@file:///w/boot.js:1:1",
    ["src/app.js:10:15", "/w/boot.js:1:1"],
  ],
  [
    "Python, innermost first, site-packages left out",
    'Traceback (most recent call last):\n  File "/app/main.py", line 10, in <module>\n    run()\n  File "/app/jobs/etl.py", line 44, in run\n    load(x)\n  File "/venv/lib/python3.12/site-packages/pandas/io/sql.py", line 700, in load\n    raise ValueError(x)\n  File "<frozen importlib._bootstrap>", line 241, in _call\nValueError: bad',
    ["/app/jobs/etl.py:44", "/app/main.py:10"],
  ],
  ["a Python syntax error", '  File "script.py", line 3\n    print(\n         ^\nSyntaxError: x', ["script.py:3"]],
  ["a Python file with spaces on Windows", '  File "C:\\My Code\\a b.py", line 7, in f', ["C:\\My Code\\a b.py:7"]],
  [
    "pytest, the place that raised first",
    "tests/test_x.py:30: in test_total\n    total(1)\nsrc/calc.py:12: AssertionError\n=== short test summary info ===\nFAILED tests/test_x.py::test_total - AssertionError",
    ["src/calc.py:12", "tests/test_x.py:30"],
  ],
  [
    "Java, own classes by package",
    "java.lang.IllegalStateException: x\n\tat java.base/java.util.Optional.get(Optional.java:143)\n\tat com.acme.shop.Cart$Item.total(Cart.java:57)\n\tat org.junit.runner.Runner.run(Runner.java:9)\n\tat com.acme.Main.main(Main.java:5)\n\tat sun.reflect.X.invoke0(Native Method)",
    ["com/acme/shop/Cart.java:57", "com/acme/Main.java:5"],
  ],
  ["Kotlin frames", "\tat com.acme.AppKt.main(App.kt:12)", ["com/acme/App.kt:12"]],
  ["the Kotlin compiler", "e: /w/src/App.kt: (3, 5): unresolved reference", ["/w/src/App.kt:3:5"]],
  ["the Kotlin compiler with URLs", "e: file:///w/src/App.kt:3:5 unresolved reference", ["/w/src/App.kt:3:5"]],
  [
    "Go panic",
    "panic: boom\n\ngoroutine 1 [running]:\nmain.load(...)\n\t/home/me/app/load.go:12 +0x1d\nmain.main()\n\t/home/me/app/main.go:7 +0x20\nruntime.main()\n\t/usr/local/go/src/runtime/proc.go:267 +0x2bb",
    ["/home/me/app/load.go:12", "/home/me/app/main.go:7"],
  ],
  ["Go compiler and test", "./x.go:3:5: undefined: y\n    x_test.go:21: got 1", ["./x.go:3:5", "x_test.go:21"]],
  [
    "Rust compiler",
    "error[E0308]: mismatched types\n  --> src/lib.rs:3:5\n   |\n3  |     1 + true",
    ["src/lib.rs:3:5"],
  ],
  ["Rust panic", "thread 'main' panicked at src/main.rs:9:14:\nindex out of bounds", ["src/main.rs:9:14"]],
  [
    "older Rust panic and a backtrace",
    "thread 'main' panicked at 'x', src/a.rs:1:2\n   1: f\n             at ./src/b.rs:3:4\n             at /rustc/abc/library/core/src/x.rs:5:6",
    ["src/a.rs:1:2", "./src/b.rs:3:4"],
  ],
  ["TypeScript", "src/x.ts(3,5): error TS2322: Type 'string' is not assignable", ["src/x.ts:3:5"]],
  [
    "TypeScript, pretty, with colours",
    "\u001b[96msrc/x.ts\u001b[0m:\u001b[93m3\u001b[0m:\u001b[93m5\u001b[0m - \u001b[91merror\u001b[0m TS2322",
    ["src/x.ts:3:5"],
  ],
  [
    "dbt on Postgres",
    'Database Error in model fct_revenue (models/marts/fct_revenue.sql)\n  column "tax_amount" does not exist\n  LINE 12: sum(tax_amount) as tax\n  compiled code at target/run/shop/models/marts/fct_revenue.sql',
    ["models/marts/fct_revenue.sql:12"],
  ],
  [
    "dbt on Snowflake",
    "Database Error in model a (models/a.sql)\n  001003 (42000): SQL compilation error:\n  syntax error line 7 at position 2 unexpected 'x'.\n",
    ["models/a.sql:7:2"],
  ],
  [
    "dbt on BigQuery",
    "Database Error in model a (models/a.sql)\n  Syntax error: Expected end of input at [12:5]",
    ["models/a.sql:12:5"],
  ],
  [
    "ESLint, errors before warnings",
    "\n/repo/src/a.ts\n   3:7   warning  Unexpected any  no-explicit-any\n  12:14  error    'x' is unused    no-unused-vars\n\n/repo/src/b.ts\n  1:1  error  Parsing error\n\n✖ 3 problems",
    ["/repo/src/a.ts:12:14", "/repo/src/b.ts:1:1", "/repo/src/a.ts:3:7"],
  ],
  ["sqlfluff", "== [models/a.sql] FAIL\nL:  12 | P:   5 | LT01 | Expected only single space", ["models/a.sql:12:5"]],
  ["gcc", "src/main.c:3:5: error: expected ';'\nsrc/util.h:9:1: warning: unused", ["src/main.c:3:5", "src/util.h:9:1"]],
  [
    "gcc, warnings last",
    "src/util.h:9:1: warning: unused\nsrc/main.c:3:5: error: x",
    ["src/main.c:3:5", "src/util.h:9:1"],
  ],
  ["make", "Makefile:12: *** missing separator.  Stop.", ["Makefile:12"]],
  ["CMake", "CMake Error at CMakeLists.txt:3 (message):", ["CMakeLists.txt:3"]],
  ["MSBuild", "Program.cs(12,9): error CS1002: ; expected [C:\\w\\app.csproj]", ["Program.cs:12:9"]],
  [
    ".NET frames",
    "   at App.Cart.Total() in C:\\w\\src\\Cart.cs:line 57\n   at App.Main() in /w/Program.cs:line 5",
    ["C:\\w\\src\\Cart.cs:57", "/w/Program.cs:5"],
  ],
  [
    "Ruby",
    "/app/lib/cart.rb:12:in `total': undefined method (NoMethodError)\n\tfrom /app/bin/run.rb:3:in `<main>'",
    ["/app/lib/cart.rb:12", "/app/bin/run.rb:3"],
  ],
  [
    "PHP",
    "PHP Fatal error:  Uncaught Error: x in /srv/a.php:12\nStack trace:\n#0 /srv/b.php(5): f()\n#1 {main}",
    ["/srv/a.php:12", "/srv/b.php:5"],
  ],
  ["older PHP", "Parse error: syntax error in /srv/a.php on line 12", ["/srv/a.php:12"]],
  ["Perl", "Died at lib/Foo.pm line 12.", ["lib/Foo.pm:12"]],
  ["a shell script", "./run.sh: line 12: foo: command not found", ["./run.sh:12"]],
  ["Terraform", 'Error: Unsupported argument\n\n  on main.tf line 12, in resource "a" "b":', ["main.tf:12"]],
  [
    "PyYAML",
    'yaml.scanner.ScannerError: mapping values\n  in "conf/app.yaml", line 3, column 5',
    ["conf/app.yaml:3:5"],
  ],
  ["Elixir", "    (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.total/1", ["lib/shop/cart.ex:12"]],
  ["Swift", "/w/Sources/App/main.swift:3:5: error: cannot find 'x'", ["/w/Sources/App/main.swift:3:5"]],
  ["Lua", "lua: game.lua:3: attempt to index", ["game.lua:3"]],
  ["PowerShell", "At C:\\x\\y.ps1:3 char:5", ["C:\\x\\y.ps1:3"]],
  ["vitest", " ❯ src/x.test.ts:12:5\n ❯ node_modules/vitest/dist/runner.js:1:1", ["src/x.test.ts:12:5"]],
  ["mypy", "pkg/a.py:12: error: Incompatible types [arg-type]", ["pkg/a.py:12"]],
  ["Windows path in prose", "C:\\x\\y.ts:3:5 - oops", ["C:\\x\\y.ts:3:5"]],
  [
    "Maven",
    "[ERROR] /w/src/main/java/com/acme/App.java:[12,5] cannot find symbol",
    ["/w/src/main/java/com/acme/App.java:12:5"],
  ],
  [
    "Java frames of a logger",
    "\tat app//com.acme.Store$1.lambda$get$0(Store.java:31) ~[classes/:?]",
    ["com/acme/Store.java:31"],
  ],
  ["prettier", "[error] src/a.ts: SyntaxError: Unexpected token (12:5)", ["src/a.ts:12:5"]],
  ["Vite", 'src/App.vue (12:5): "x" is not exported', ["src/App.vue:12:5"]],
  ["warnings of Python last", "main.py:3: DeprecationWarning: x\nmain.py:9: oops", ["main.py:9", "main.py:3"]],
  ["a diff", "diff --git a/src/x.ts b/src/x.ts\n--- a/src/x.ts\n+++ b/src/x.ts\n", ["src/x.ts"]],
  [
    "what failed and not what passed",
    " ✓ src/a.test.ts (12 tests)\n ❯ src/b.test.ts (3 tests | 1 failed)",
    ["src/b.test.ts"],
  ],
  [
    "chained exceptions of Python, the last one first",
    'Traceback (most recent call last):\n  File "/a.py", line 3, in f\nKeyError\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "/a.py", line 5, in f\n  File "/c.py", line 2, in g\nValueError',
    ["/c.py:2", "/a.py:5", "/a.py:3"],
  ],
  ["GitHub style", "see src/x.ts#L12 for it", ["src/x.ts:12"]],
  ["grep output", "src/a.ts:12:export const x = 1\nsrc/b.ts:3:import x", ["src/a.ts:12", "src/b.ts:3"]],
  [
    "a quoted path with spaces and no line",
    "ENOENT: no such file or directory, open '/home/me/my app/x.json'",
    ["/home/me/my app/x.json"],
  ],
  [
    "a path without a line, said once more with one",
    "Cannot compile ./src/x.ts\nsrc/x.ts:3:1 unexpected",
    ["src/x.ts:3:1"],
  ],
  ["glued names", "ERROR:src/x.py:3:bad\nat=lib/a.rb:5", ["src/x.py:3", "lib/a.rb:5"]],
  ["the same place under two names", "/repo/src/x.ts:3:5\nsrc/x.ts:3:5", ["/repo/src/x.ts:3:5"]],
  [
    "SvelteKit and Remix names",
    "src/routes/$id.tsx:3:4\nsrc/lib/+page.svelte:1:2",
    ["src/routes/$id.tsx:3:4", "src/lib/+page.svelte:1:2"],
  ],
];

const noPlaces: [name: string, text: string][] = [
  ["times", "12:30:45 done at 2026-11-20T09:30:45.123Z, 09:30.5:12"],
  [
    "hosts and ports",
    "connect ECONNREFUSED 127.0.0.1:5432 localhost:3000 example.com:8080 http://localhost:3000/ https://a.example/x.ts:3:5",
  ],
  ["versions", "v1.2.3:4 1.0.0-rc.1:5 node@20.1.0:3 Python 3.12.1"],
  ["names of products and members", "Node.js and Vue.js; console.log:3 user.name:12 e.g. i.e."],
  ["container images and git addresses", "ghcr.io/org/app:12 node:20 git@github.com:org/repo"],
  ["globs and templates", "src/**/*.ts:3 {a,b}.ts:3 <file>.ts:3"],
  [
    "internals",
    "    at node:internal/process/task_queues:95:5\n    at native\n    at <anonymous>:1:1\n    at eval (eval at <anonymous>)",
  ],
  [
    "network shares",
    "\\\\server\\share\\x.ts:3:5 //server/share/x.ts:3:5 \\/server/x.ts:3 file://server/share/x.ts:3:5 file:////server/x.ts:3 (//s/x.ts:3) ERROR:\\\\s\\x.ts:3 \\\\?\\UNC\\s\\x.ts:3 file:///%5C%5Cserver/x.ts:3",
  ],
  [
    "network shares in frames",
    '    at f (\\\\server\\share\\x.ts:3:5)\n  File "\\\\server\\x.py", line 3\n   at A.B() in \\\\server\\x.cs:line 3\n    at //server/x.js:1:1',
  ],
  ["line numbers that are none", "src/x.ts:0 src/x.ts:99999999"],
  ["other URLs", "s3://bucket/x.py:3 data:text/x.js:3 blob:http://localhost/x.js:3"],
];

describe("findPlaces in error texts", () => {
  it.each(errorTexts)("reads %s", (_name, text, expected) => {
    expect(places(failed(text))).toEqual(expected);
  });

  it.each(noPlaces)("takes no place from %s", (_name, text) => {
    expect(places(failed(text))).toEqual([]);
  });
});

describe("findPlaces", () => {
  it("trusts attributes most, then stacks, then error texts, then arguments", () => {
    const all = span({
      name: "edit",
      status: "error",
      statusMessage: "failed in src/c.ts:3",
      attributes: { "code.file.path": "src/a.ts", "code.line.number": "7", "code.column.number": 2 },
      events: [
        { name: "exception", timeMs: 0, attributes: { "exception.stacktrace": "E: x\n    at f (/r/b.ts:1:2)" } },
      ],
      input: { filePath: "/r/d.ts", oldString: "old", newString: "new" },
    });
    expect(findPlaces(all).map((place) => `${place.origin} ${show(place)}`)).toEqual([
      "attribute src/a.ts:7:2",
      "stack /r/b.ts:1:2",
      "text src/c.ts:3",
      "tool /r/d.ts find new | old",
    ]);
  });

  it("reads the older names of the code attributes", () => {
    expect(places(span({ kind: "span", attributes: { "code.filepath": "file:///w/a.py", "code.lineno": 3 } }))).toEqual(
      ["/w/a.py:3"],
    );
  });

  it("never returns a network path from attributes or arguments", () => {
    for (const path of [
      "\\\\server\\share\\a.ts",
      "//server/share/a.ts",
      "file://server/a.ts",
      "\\\\?\\UNC\\server\\a.ts",
      "/\\server\\a.ts",
    ]) {
      expect(
        places(span({ attributes: { "code.file.path": path }, input: { filePath: path, newString: "x" } })),
      ).toEqual([]);
    }
  });

  const calls: [name: string, tool: string, input: unknown, output: unknown, expected: string[]][] = [
    ["an edit", "edit", { filePath: "/r/a.ts", oldString: "old", newString: "new" }, "ok", ["/r/a.ts find new | old"]],
    [
      "several edits",
      "MultiEdit",
      {
        file_path: "/r/a.ts",
        edits: [
          { old_string: "a", new_string: "b" },
          { old_string: "c", new_string: "d" },
        ],
      },
      "",
      ["/r/a.ts find b | d | a | c"],
    ],
    [
      "a text editor's replacement",
      "str_replace_based_edit_tool",
      { command: "str_replace", path: "/r/a.ts", old_str: "a", new_str: "b" },
      "",
      ["/r/a.ts find b | a"],
    ],
    ["a write", "Write", { file_path: "/r/a.md", content: "# x" }, "src/b.ts:3", ["/r/a.md", "src/b.ts:3"]],
    ["a read from an offset", "read", { filePath: "/r/a.ts", offset: 97 }, undefined, ["/r/a.ts:97"]],
    [
      "a read whose output counts from 1",
      "Read",
      { file_path: "/r/a.ts", offset: 97 },
      "    97→const x",
      ["/r/a.ts:97"],
    ],
    [
      "a read whose offset counts from 0",
      "read",
      { filePath: "/r/a.ts", offset: 97 },
      "<file>\n00098| const x",
      ["/r/a.ts:98"],
    ],
    ["a read from the start", "read", { filePath: "/r/a.ts", offset: 0 }, undefined, ["/r/a.ts:1"]],
    ["a view range", "view", { path: "/r/a.ts", view_range: [5, 9] }, undefined, ["/r/a.ts:5"]],
    ["a notebook", "NotebookEdit", { notebook_path: "/r/a.ipynb", new_source: "x = 1" }, "", ["/r/a.ipynb find x = 1"]],
    ["a file without an extension", "read", { filePath: "/r/LICENSE" }, "", ["/r/LICENSE"]],
    ["arguments as JSON text", "read_file", '{"path":"src/a.ts","start_line":4}', "", ["src/a.ts:4"]],
    [
      "hits of a search before its directory",
      "grep",
      { pattern: "x", path: "src" },
      "src/a.ts:3: x\nsrc/b.ts:9: x",
      ["src/a.ts:3", "src/b.ts:9"],
    ],
    [
      "a patch",
      "apply_patch",
      {
        input:
          "*** Begin Patch\n*** Update File: src/a.ts\n@@ def\n-old\n+new\n+more\n x\n+last\n*** Add File: b.ts\n+hello\n*** End Patch",
      },
      "",
      ["src/a.ts find new\nmore | old", "b.ts find hello"],
    ],
    ["a unified diff", "patch", "--- a/x.ts\n+++ b/x.ts\n@@ -1,2 +10,3 @@\n a\n-b\n+c\n", "", ["x.ts:10 find c | b"]],
    [
      "files of a command",
      "bash",
      { command: "npx vitest run test/tax.test.ts --config=./vitest.config.mts" },
      "",
      ["test/tax.test.ts", "./vitest.config.mts"],
    ],
    ["no text of a read", "read", { filePath: "/r/a.ts" }, "see ./b.ts and README.md", ["/r/a.ts"]],
  ];
  it.each(calls)("reads the arguments of %s", (_name, name, input, output, expected) => {
    expect(places(span({ name, input, output }))).toEqual(expected);
  });

  it("looks into the parts of an output", () => {
    const output = { content: [{ type: "text", text: "boom at src/a.ts:3:4" }], metadata: { deep: { log: "b.py:9" } } };
    expect(places(span({ output }))).toEqual(["src/a.ts:3:4", "b.py:9"]);
  });

  it("keeps the line that named a place, harmless and at most 200 characters", () => {
    const [place] = findPlaces(failed(`\u202e${"x".repeat(300)} src/a.ts:3:4`));
    expect(place?.context).toHaveLength(200);
    expect(place?.context).not.toContain("\u202e");
  });

  it("returns at most 50 places", () => {
    const text = Array.from({ length: 500 }, (_, index) => `src/a${index}.ts:1:1`).join("\n");
    expect(places(failed(text))).toHaveLength(50);
  });

  it("looks at the first and the last 64 KB of a huge text", () => {
    const filler = "lorem ipsum dolor sit amet\n".repeat(400_000);
    const found = places(failed(`src/first.ts:1:1\n${filler}src/middle.ts:2:2\n${filler}src/last.ts:3:3`));
    expect(found).toEqual(["src/first.ts:1:1", "src/last.ts:3:3"]);
  });
});

describe("bestPlace", () => {
  it("prefers a place with a line or a text to find", () => {
    expect(
      bestPlace([
        { path: "a.ts", origin: "text" },
        { path: "b.ts", line: 3, origin: "tool" },
      ])?.path,
    ).toBe("b.ts");
    expect(
      bestPlace([
        { path: "a.ts", origin: "text" },
        { path: "b.ts", find: ["x"], origin: "tool" },
      ])?.path,
    ).toBe("b.ts");
    expect(bestPlace([{ path: "a.ts", origin: "text" }])?.path).toBe("a.ts");
    expect(bestPlace([])).toBeUndefined();
  });
});

describe("the work of placesInText", () => {
  function workOf(text: string): number {
    const work = { lines: 0, words: 0, units: 0 };
    placesInText(text, true, work);
    return work.units + work.words + work.lines;
  }

  const hostile: [name: string, unit: string][] = [
    ["colons", ":"],
    ["numbers and colons", "1:"],
    ["brackets", "("],
    ["brackets with numbers", "(1,"],
    ["quotes", '"'],
    ["two sorts of quotes", "\"'"],
    ["quotes and spaces", "' "],
    ["paths", "/a.ts:1"],
    ["frames", "at ("],
    ["files of Python", 'File "'],
    ["line words", " line "],
    ["escapes", "\u001b["],
    ["at signs", "@http://"],
    ["dots", "./"],
    ["line feeds", "\n"],
    ["equals", "a=("],
  ];
  it.each(hostile)("grows no faster than a text of %s", (_name, unit) => {
    const small = unit.repeat(Math.ceil(20_000 / unit.length));
    expect(workOf(small + small)).toBeLessThanOrEqual(2.2 * workOf(small) + 100);
    expect(workOf(unit.repeat(Math.ceil(3_000_000 / unit.length)))).toBeLessThan(500_000);
  });

  it("never throws, never returns a network path and only sound numbers", () => {
    const piece = fc.constantFrom(
      ...[
        "at ",
        "(",
        ")",
        ":",
        "1",
        "12",
        "\n",
        " ",
        '"',
        "'",
        "//",
        "\\\\",
        "/",
        "\\",
        "src",
        ".ts",
        "file://",
        "C:",
        "line ",
        "File ",
        "server",
        "%5C",
        "[",
        "]",
        "@",
        "=",
        "../",
        "LINE 3:",
        ", ",
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 40 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (value) => {
        for (const place of findPlaces(
          span({
            status: "error",
            statusMessage: value,
            input: { filePath: value },
            attributes: { "code.file.path": value },
          }),
        )) {
          expect(place.path).not.toMatch(/^\s*[/\\]{2}/);
          expect(place.path).not.toBe("");
          for (const number of [place.line ?? 1, place.column ?? 1])
            expect(Number.isInteger(number) && number > 0).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

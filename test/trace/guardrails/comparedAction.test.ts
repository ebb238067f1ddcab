import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareAction, compareValue, nameOfAction, outcomeOf } from "../../../src/trace/guardrails/comparedAction";

const isSame = (first: string, second: string) => compareAction("t", first).key === compareAction("t", second).key;

describe("two inputs", () => {
  it.each([
    ["with their fields in another order", '{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}'],
    ["with other white space between tokens", '{"a": [1, 2]}', ' {"a":[1,2]}\n'],
    ["that write a number differently", '{"a":1.0}', '{"a":1}'],
    ["that write a character differently", '{"a":"\\u00e9"}', '{"a":"é"}'],
    ["with another id of the call", '{"a":1,"tool_call_id":"x1"}', '{"tool_call_id":"x2","a":1}'],
    [
      "with other words about the same command",
      '{"command":"ls","description":"List"}',
      '{"command":"ls","description":"Look"}',
    ],
    ["of which one is JSON in a text", '"{\\"a\\":1}"', '{"a":1}'],
    ["as texts with other ends", "npm test\n", " npm test"],
  ])("are the same %s", (_, first, second) => {
    expect(isSame(first, second)).toBe(true);
  });

  it.each([
    ["another value", '{"a":1}', '{"a":2}'],
    ["a text for a number", '{"a":1}', '{"a":"1"}'],
    ["another order in a list", '{"a":[1,2]}', '{"a":[2,1]}'],
    ["white space in a text", '{"a":"x  y"}', '{"a":"x y"}'],
    ["another time", '{"since":"2026-01-01T00:00:00Z"}', '{"since":"2026-01-01T00:00:01Z"}'],
    ["another id", '{"id":"7f0c1a52-0000-4000-8000-000000000001"}', '{"id":"7f0c1a52-0000-4000-8000-000000000002"}'],
    ["another temporary file", '{"path":"/tmp/tmp.a1"}', '{"path":"/tmp/tmp.b2"}'],
    ["another page", '{"url":"u","page":2}', '{"url":"u","page":3}'],
    ["an id of another thing", '{"a":{"callId":"x"}}', '{"a":{"callId":"y"}}'],
    ["a description that is the input", '{"description":"one"}', '{"description":"two"}'],
    ["numbers that are the same once they are read", '{"id":12345678901234567890}', '{"id":12345678901234567891}'],
    ["another time-out", '{"command":"make","timeout":1}', '{"command":"make","timeout":2}'],
    ["broken JSON", '{"a":1', '{"a":2'],
    ["a field of every object", '{"__proto__":{"x":1}}', '{"__proto__":{"x":2}}'],
  ])("differ by %s", (_, first, second) => {
    expect(isSame(first, second)).toBe(false);
  });

  it("differ by their tool", () => {
    expect(compareAction("read", "{}").key).not.toBe(compareAction("write", "{}").key);
  });

  it("are compared alike as text and as the value that it stands for", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}|e[+-]?\d{3}/i.test(text));
        expect(compareAction("t", text)).toEqual(compareValue("t", JSON.parse(text)));
      }),
    );
  });

  it("may be nested more deeply than any stack allows", () => {
    const deep = `${"[".repeat(200_000)}1${"]".repeat(200_000)}`;
    expect(isSame(deep, deep)).toBe(true);
    expect(isSame(deep, deep.replace("1", "2"))).toBe(false);
  });
});

describe("a wait", () => {
  const waits = (tool: string, command: string) => compareAction(tool, JSON.stringify({ command })).isWait;
  it.each(["sleep 5", "sleep 0.5", "sleep 2m", " sleep 30 ;", "Start-Sleep -Seconds 5", "timeout /t 5"])(
    "is %s",
    (command) => {
      expect(waits("bash", command)).toBe(true);
    },
  );

  it.each(["sleep 5 && make", "sleepy 5", "make", "echo sleep 5", "sleep", "sleep 5; rm -r x"])(
    "is not %s",
    (command) => {
      expect(waits("bash", command)).toBe(false);
    },
  );

  it("is a tool of that name", () => {
    expect(compareAction("wait", '{"seconds":5}').isWait).toBe(true);
    expect(compareAction("wait_for_element", "{}").isWait).toBe(false);
  });

  it("within a command makes it polling", () => {
    const polls = (command: string) => compareAction("bash", JSON.stringify({ command })).isPolling;
    expect(polls("sleep 30 && gh pr checks 12")).toBe(true);
    expect(polls("while ! test -e x; do sleep 1; done")).toBe(true);
    expect(polls("grep -rn sleep src")).toBe(false);
  });
});

describe("a result", () => {
  it("is the same by its text, but for failures", () => {
    expect(outcomeOf(false, "a\n")).toBe(outcomeOf(false, "a"));
    expect(outcomeOf(false, "45 %")).not.toBe(outcomeOf(false, "46 %"));
    expect(outcomeOf(false, "")).not.toBe(outcomeOf(false, undefined));
    expect(outcomeOf(true, "at 10:01")).toBe(outcomeOf(true, "at 10:02"));
  });
});

describe("the name of an action", () => {
  it("is its tool and what it is about, in one short line", () => {
    expect(nameOfAction("bash", '{"command":"npm ci\\u001b[31m\\n"}')).toBe("bash npm ci");
    expect(nameOfAction("read", '{"file_path":"src/a.ts"}')).toBe("read src/a.ts");
    expect(nameOfAction("bash", `{"command":"${"x".repeat(500)}"}`)).toHaveLength(120);
    expect(nameOfAction("ping", "")).toBe("ping");
  });
});

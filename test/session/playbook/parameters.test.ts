import { describe, expect, it } from "vitest";
import { parameterAssignment, resolveParameters, secretsOf } from "../../../src/session/playbook/parameters";
import type { Parameter } from "../../../src/session/playbook/playbook";

const place = { line: 1, column: 1, endLine: 1 };
const parameter = (name: string, more: Partial<Parameter> = {}): Parameter => ({
  name,
  type: "string",
  isRequired: false,
  isSecret: false,
  place,
  ...more,
});
const paths = { given: (path: string) => `/shell/${path}`, default: (path: string) => `/playbook/${path}` };

describe("parameters", () => {
  it("take the type that they have, from text or from a value, and their defaults", () => {
    const parameters = [
      parameter("text"),
      parameter("number", { type: "number" }),
      parameter("fraction", { type: "number" }),
      parameter("flag", { type: "boolean" }),
      parameter("file", { type: "path" }),
      parameter("folder", { type: "path", default: "sub" }),
      parameter("target", { default: "staging", options: ["staging", "production"] }),
      parameter("left"),
    ];
    const given = { text: 5, number: "1e3", fraction: 0.5, flag: "TRUE", file: "a b" };
    expect(resolveParameters(parameters, given, paths)).toEqual({
      values: {
        text: "5",
        number: 1000,
        fraction: 0.5,
        flag: true,
        file: "/shell/a b",
        folder: "/playbook/sub",
        target: "staging",
        left: null,
      },
      errors: [],
    });
  });

  it.each<[Partial<Parameter>, unknown, string]>([
    [{ type: "number" }, "ten", 'Parameter "x" must be a number, not "ten".'],
    [{ type: "number" }, "", 'Parameter "x" must be a number, not "".'],
    [{ type: "number" }, "Infinity", 'Parameter "x" must be a number, not "Infinity".'],
    [{ type: "boolean" }, "yes", 'Parameter "x" must be true or false, not "yes".'],
    [{ options: ["a", "b"] }, "c", 'Parameter "x" must be one of a, b, not "c".'],
    [{ type: "path" }, "", 'Parameter "x" must be a path, not "".'],
    [{}, ["a"], 'Parameter "x" must be a text, a number, or true or false, not ["a"].'],
    [{}, "a\0", 'Parameter "x" must not hold a null character.'],
    [{ isRequired: true, description: "where to" }, undefined, 'Parameter "x" (where to) is required.'],
    [{ isSecret: true }, "abc", 'Parameter "x" is a secret and must have 4 characters or more.'],
    [{ isSecret: true, type: "number" }, "hunter2", 'Parameter "x" must be a number.'],
  ])("%j given %j tell what is wrong by their name, and never a secret", (more, given, error) => {
    expect(resolveParameters([parameter("x", more)], { x: given }, paths)).toEqual({ values: {}, errors: [error] });
  });

  it("say which there are when one is given that is not", () => {
    const known = [parameter("target"), parameter("count")];
    expect(resolveParameters(known, { targt: "a" }, paths).errors).toEqual([
      'There is no parameter "targt". Did you mean "target"?',
    ]);
    expect(resolveParameters(known, { zzz: "a" }, paths).errors).toEqual([
      'There is no parameter "zzz". There are target, count.',
    ]);
    expect(resolveParameters([], { constructor: "a" }, paths).errors).toEqual([
      'There is no parameter "constructor". This playbook has none.',
    ]);
  });

  it("name the texts that must not be seen", () => {
    const parameters = [parameter("a", { isSecret: true }), parameter("b"), parameter("c", { isSecret: true })];
    expect(secretsOf(parameters, { a: "hidden", b: "seen", c: null })).toEqual(["hidden"]);
  });

  it("are read from name=value", () => {
    expect(parameterAssignment("a=b=c")).toEqual({ name: "a", text: "b=c" });
    expect(parameterAssignment("a=")).toEqual({ name: "a", text: "" });
    expect(parameterAssignment("=b")).toBeUndefined();
    expect(parameterAssignment("a")).toBeUndefined();
  });
});

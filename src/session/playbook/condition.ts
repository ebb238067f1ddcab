// The conditions of steps: CEL over the parameters and the steps that are over. Nothing else is in reach, and `matches` is
// RE2's, so that no value can make a condition hang.

import { type ASTNode, Environment, type ParseResult, type SourceRange } from "@marcbachmann/cel-js";
import type { PlaceholderValues, Reference } from "./placeholders";
import { RegularExpressionError, regularExpression } from "./regularExpression";
import { stepField, stepFields } from "./stepResult";

/** Offsets within the expression. */
export interface ConditionError {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

export interface ConditionReference {
  readonly reference: Reference;
  readonly start: number;
  readonly end: number;
}

export interface Condition {
  /** What it names of parameters and steps, where it names them plainly. */
  readonly references: readonly ConditionReference[];
  /** Where it is not true or false, or fails on the way, the reason in words. */
  evaluate(values: PlaceholderValues): boolean | ConditionError;
}

// As long as `matches`, so that every place in a rewritten expression is the one in the original.
const matchesName = "re2find";

const environment = new Environment({ unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false })
  .registerVariable("params", "map<string, dyn>")
  .registerVariable("steps", "map<string, dyn>")
  .registerFunction(`string.${matchesName}(string): bool`, (text: string, expression: string) =>
    regularExpression(expression)(text),
  );

export function parseCondition(expression: string): Condition | ConditionError {
  let parsed: ParseResult;
  try {
    const first = environment.parse(expression);
    parsed = environment.parse(withOwnMatches(expression, first.ast));
  } catch (error) {
    return told(error, expression);
  }
  const checked = parsed.check();
  if (!checked.valid) return told(checked.error, expression);
  if (checked.type !== "bool" && checked.type !== "dyn")
    return { message: `is ${checked.type ?? "nothing"} and not true or false`, start: 0, end: expression.length };
  return {
    references: [...referencesIn(parsed.ast)],
    evaluate(values) {
      try {
        const value: unknown = parsed(contextOf(values));
        if (typeof value === "boolean") return value;
        return { message: `is neither true nor false`, start: 0, end: expression.length };
      } catch (error) {
        return told(error, expression);
      }
    },
  };
}

export function isConditionError(value: Condition | ConditionError): value is ConditionError {
  return "message" in value;
}

function contextOf({ params, steps }: PlaceholderValues): Record<string, unknown> {
  return {
    params: new Map(Object.entries(params).map(([name, value]) => [name, celValue(value)])),
    steps: new Map(
      [...steps].map(([id, result]) => [
        id,
        new Map(
          stepFields.flatMap((field) => {
            const value = stepField(result, field);
            return value === undefined ? [] : [[field, celValue(value)]];
          }),
        ),
      ]),
    ),
  };
}

/** CEL tells whole numbers from others, JSON does not. */
function celValue(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, each]) => [key, celValue(each)]));
}

function told(error: unknown, expression: string): ConditionError {
  const end = expression.length;
  if (error instanceof RegularExpressionError)
    return { message: `has a regular expression that is none: ${error.message}`, start: 0, end };
  if (!(error instanceof Error)) return { message: String(error), start: 0, end };
  const { summary, range } = error as { readonly summary?: string; readonly range?: SourceRange };
  const message = (summary ?? error.message).replaceAll(matchesName, "matches");
  const start = Math.min(range?.start ?? 0, end);
  return { message, start, end: Math.min(Math.max(range?.end ?? end, start), end) };
}

function withOwnMatches(expression: string, ast: ASTNode): string {
  let own = expression;
  for (const node of nodesOf(ast)) {
    if (node.op !== "rcall" || node.args[0] !== "matches") continue;
    const at = expression.indexOf("matches", node.args[1].range.end);
    if (at >= 0) own = own.slice(0, at) + matchesName + own.slice(at + matchesName.length);
  }
  return own;
}

function* referencesIn(ast: ASTNode): Generator<ConditionReference> {
  for (const node of nodesOf(ast)) {
    const parameter = member(node, "params");
    if (parameter !== undefined)
      yield { reference: { kind: "parameter", name: parameter }, start: node.range.start, end: node.range.end };
    const id = member(node, "steps");
    if (id !== undefined) yield stepReference(id, "", node);
    const inner = node.op === "." || node.op === "[]" ? node.args[0] : undefined;
    const field = node.op === "." ? node.args[1] : undefined;
    const of = inner && member(inner, "steps");
    if (of !== undefined && field !== undefined) yield stepReference(of, field, node);
  }
}

function stepReference(id: string, field: string, node: ASTNode): ConditionReference {
  return { reference: { kind: "step", id, field, path: [] }, start: node.range.start, end: node.range.end };
}

/** `x` of `of.x` and `of["x"]`. */
function member(node: ASTNode, of: string): string | undefined {
  if (node.op !== "." && node.op !== "[]") return undefined;
  const [base, key] = node.args;
  if (base.op !== "id" || base.args !== of) return undefined;
  if (typeof key === "string") return key;
  return key.op === "value" && typeof key.args === "string" ? key.args : undefined;
}

function* nodesOf(root: ASTNode): Generator<ASTNode> {
  const left: unknown[] = [root];
  while (left.length > 0) {
    const each = left.pop();
    if (Array.isArray(each)) left.push(...each);
    else if (isNode(each)) {
      yield each;
      left.push(each.args);
    }
  }
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

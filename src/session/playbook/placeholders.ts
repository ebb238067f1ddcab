// Placeholders in the texts of a playbook: `{param}`, `{steps.<id>.output}`, `{steps.<id>.json.<path>}`. One that names
// nothing that is there stays as it is written, and what is filled in is never looked at for further placeholders.

import type { ParameterValues } from "./playbook";
import { type StepResult, stepField } from "./stepResult";

export type Reference =
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "step"; readonly id: string; readonly field: string; readonly path: readonly (string | number)[] };

export interface Placeholder {
  readonly reference: Reference;
  /** Offsets within the text, with the braces. */
  readonly start: number;
  readonly end: number;
}

export interface PlaceholderValues {
  readonly params: ParameterValues;
  /** Of the steps that are over, by id. */
  readonly steps: ReadonlyMap<string, StepResult>;
}

const form =
  /\{(?:([A-Za-z_][A-Za-z0-9_]{0,63})|steps\.([A-Za-z0-9_-]{1,64})\.([a-z_]+)((?:\.[A-Za-z0-9_$-]+|\[\d{1,9}\])*))\}/g;

export function placeholdersIn(text: string): Placeholder[] {
  return [...text.matchAll(form)].map(({ index, 0: whole, 1: name, 2: id = "", 3: field = "", 4: path = "" }) => ({
    reference: name !== undefined ? { kind: "parameter", name } : { kind: "step", id, field, path: pathSteps(path) },
    start: index,
    end: index + whole.length,
  }));
}

/** Undefined where it names nothing that is there; null is a parameter that is not given, or JSON's null. */
export function referencedValue(reference: Reference, { params, steps }: PlaceholderValues): unknown {
  if (reference.kind === "parameter")
    return Object.hasOwn(params, reference.name) ? (params[reference.name] ?? null) : undefined;
  const result = steps.get(reference.id);
  const value = result && stepField(result, reference.field);
  return reference.path.reduce<unknown>(
    (each, step) =>
      typeof each === "object" && each !== null && Object.hasOwn(each, step)
        ? (each as Record<string | number, unknown>)[step]
        : undefined,
    value,
  );
}

/** As text: nothing for a parameter that is not given, JSON for objects and lists. */
export function valueText(value: unknown): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @param written how a value is written at its place, where that is not as it is */
export function fillText(text: string, values: PlaceholderValues, written?: (value: string) => string): string {
  let filled = "";
  let from = 0;
  for (const { reference, start, end } of placeholdersIn(text)) {
    const value = referencedValue(reference, values);
    if (value === undefined) continue;
    const asText = valueText(value);
    filled += text.slice(from, start) + (written ? written(asText) : asText);
    from = end;
  }
  return filled + text.slice(from);
}

/** Fills every text within a value; keys stay as they are. */
export function fillTexts<T>(value: T, values: PlaceholderValues): T {
  return mapped(value, (text) => fillText(text, values)) as T;
}

/** The same, but a text that is nothing but one placeholder becomes the value itself: a number stays a number. */
export function fillTyped(value: unknown, values: PlaceholderValues): unknown {
  return mapped(value, (text) => {
    const [only] = placeholdersIn(text);
    if (only === undefined || only.start !== 0 || only.end !== text.length) return fillText(text, values);
    const found = referencedValue(only.reference, values);
    return found === undefined ? text : found;
  });
}

/** In the path and the query of an address a value is percent-encoded; before them it may be an address itself. */
export function fillUrl(text: string, values: PlaceholderValues): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0].length ?? 0;
  const pathStart = text.slice(scheme).search(/[/?#]/);
  if (pathStart < 0) return fillText(text, values);
  const border = scheme + pathStart;
  return fillText(text.slice(0, border), values) + fillText(text.slice(border), values, encodeURIComponent);
}

function pathSteps(path: string): (string | number)[] {
  return [...path.matchAll(/\.([A-Za-z0-9_$-]+)|\[(\d+)\]/g)].map(([, key, index]) =>
    index === undefined ? (key ?? "") : Number(index),
  );
}

function mapped(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapped(each, change)]));
}

// Traces of altimate-code's recorder and of ours in a form in which they can be compared: without ids, clock times and
// sentences, which differ from run to run or are each recorder's own words.

type Fields = Record<string, unknown>;

/** Times that a scenario names are small; those of a clock are not. */
const firstClockMs = 1_000_000;

export interface ComparableTrace {
  readonly header: Fields;
  readonly spans: readonly Fields[];
  readonly summary: Fields;
}

export function comparable(trace: unknown): ComparableTrace {
  const { spans, summary, startedAt, endedAt, metadata, sessionId, version } = trace as Fields & { spans: Fields[] };
  const rows = new Map(spans.map((span, row) => [span["spanId"], row]));
  return {
    header: drop({ version, sessionId, metadata, startedAt: isIso(startedAt), endedAt: isIso(endedAt) }),
    spans: spans.map((span) => comparableSpan(span, rows)),
    summary: comparableSummary(summary as Fields),
  };
}

function comparableSpan(span: Fields, rows: ReadonlyMap<unknown, number>): Fields {
  const { name, kind, status, model, finishReason, tokens, cost, tool, input, output, attributes } = span;
  const { interrupted, statusMessage } = span;
  return drop({
    parent: span["parentSpanId"] === null ? null : rows.get(span["parentSpanId"]),
    name,
    kind,
    startTime: time(span["startTime"]),
    endTime: time(span["endTime"]),
    status,
    statusMessage: interrupted === true ? isText(statusMessage) : short(statusMessage),
    interrupted,
    model,
    finishReason,
    tokens,
    cost,
    tool,
    input: short(input),
    output: short(output),
    attributes: short(attributes),
  });
}

function comparableSummary(summary: Fields): Fields {
  const { totalTokens, totalToolCalls, totalGenerations, status, error, tokens } = summary;
  // Nothing at all may be said or left out.
  const totalCost = summary["totalCost"] || undefined;
  const topTools = (summary["topTools"] as Fields[] | undefined)?.length ? summary["topTools"] : undefined;
  const loops = (summary["loops"] as Fields[] | undefined)?.map(({ tool, count }) => ({ tool, count }));
  const narrative = isText(summary["narrative"]);
  return drop({
    ...{ totalTokens, totalCost, totalToolCalls, totalGenerations, status, error, tokens, topTools, loops, narrative },
    duration: typeof summary["duration"],
  });
}

function time(value: unknown): unknown {
  return typeof value === "number" && value >= firstClockMs ? "clock" : value;
}

function isIso(value: unknown): boolean {
  return typeof value === "string" && new Date(value).toISOString() === value;
}

function isText(value: unknown): true | undefined {
  return typeof value === "string" && value.length > 0 && !value.includes("\n") ? true : undefined;
}

/** Long texts by their length and their start. */
function short(value: unknown): unknown {
  if (typeof value === "string")
    return value.length > 200 ? { length: value.length, start: value.slice(0, 40) } : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(short);
  if ("_serialization_error" in value) return { _serialization_error: isText(value["_serialization_error"]) };
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, short(field)]));
}

function drop(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

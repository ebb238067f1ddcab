// Values that a recorded program may hand in by mistake, among them objects that throw at every touch.

import fc from "fast-check";

function fails(): never {
  throw new Error("touched");
}

const throwing: ProxyHandler<object> = {
  apply: fails,
  get: fails,
  getOwnPropertyDescriptor: fails,
  getPrototypeOf: fails,
  has: fails,
  ownKeys: fails,
};

export function makeOddValues(): readonly unknown[] {
  const circle: Record<string, unknown> = { a: 1 };
  circle["self"] = circle;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  return [
    undefined,
    null,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    -0,
    12n,
    Symbol("odd"),
    () => "f",
    "",
    "\ud800 lone",
    'quote " and \u0000 and \u2028',
    { s: '{ "s":' },
    circle,
    [circle],
    new Date(Number.NaN),
    new Map([[1, 2]]),
    Object.create(null),
    { toString: fails },
    { toJSON: fails },
    { toJSON: () => undefined },
    {
      get broken() {
        return fails();
      },
    },
    new Proxy({}, throwing),
    new Proxy(() => undefined, throwing),
    revoked.proxy,
    new Error("an error"),
    Promise.resolve(1),
    JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
    { "tracekeeper.cut": { output: 1 } },
  ];
}

/** Stands for an odd value until the call is made, because fast-check itself would touch it. */
class OddValue {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

const oddCount = makeOddValues().length;

export function oddValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.nat({ max: oddCount - 1 }).map((index) => new OddValue(index)),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
    fc.string(),
    fc.double(),
  );
}

/** The value with all odd ones in their places. */
export function withOddValues<T>(value: T): T {
  if (value instanceof OddValue) return makeOddValues()[value.index] as T;
  if (Array.isArray(value)) return value.map(withOddValues) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withOddValues(field)])) as T;
}

/** An object of the right shape whose fields may each be right or anything at all. */
function shaped(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const loose = Object.entries(fields).map(([name, right]): [string, fc.Arbitrary<unknown>] => [
    name,
    fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: oddValue() }),
  ]);
  const shape = fc.record(Object.fromEntries(loose), { requiredKeys: [] });
  return fc.oneof({ weight: 5, arbitrary: shape }, { weight: 1, arbitrary: oddValue() });
}

const text = fc.string({ maxLength: 12 });
const time = fc.integer({ min: 0, max: 2_000_000_000_000 });
/** Few ids, so that calls meet. */
const id = fc.constantFrom("a", "b", "c", "");
const attributes = fc.dictionary(text, fc.jsonValue());
const tokens = shaped({
  input: fc.nat(),
  output: fc.nat(),
  reasoning: fc.nat(),
  cache: shaped({ read: fc.nat(), write: fc.nat() }),
});
const state = shaped({
  status: fc.constantFrom("completed", "error"),
  input: attributes,
  output: text,
  error: text,
  time: shaped({ start: time, end: time }),
});

/** The arguments of each method that records something. */
export const recordingCalls: Readonly<Record<string, readonly fc.Arbitrary<unknown>[]>> = {
  enrichFromAssistant: [shaped({ modelID: text, providerID: text, agent: text, variant: text })],
  setTitle: [text, text],
  setPrompt: [text],
  logUserMessage: [text],
  logStepStart: [shaped({ id: text })],
  logText: [shaped({ text })],
  logStepFinish: [shaped({ id: text, reason: text, cost: fc.double(), tokens })],
  logToolCall: [shaped({ tool: text, callID: id, state })],
  logSpan: [
    shaped({
      name: text,
      startTime: time,
      endTime: time,
      status: fc.constantFrom("ok", "error"),
      input: fc.jsonValue(),
      output: fc.jsonValue(),
      attributes,
    }),
  ],
  setSpanAttributes: [attributes, fc.constantFrom("tool", "generation", "session", undefined)],
  startToolCall: [shaped({ tool: text, callID: id, input: fc.jsonValue(), parentSpanId: id })],
  endToolCall: [id, shaped({ status: fc.constantFrom("completed", "error"), output: fc.jsonValue(), error: text })],
  startSpan: [shaped({ name: text, parentSpanId: id, kind: fc.constantFrom("tool", "span", "text"), attributes })],
  endSpan: [id, shaped({ status: fc.constantFrom("ok", "error"), statusMessage: text, output: fc.jsonValue() })],
  addEvent: [id, shaped({ name: text, attributes, timeMs: time })],
  addLink: [id, shaped({ spanId: text, traceId: text, attributes })],
  waiting: [text],
  resumed: [],
};

/** Those that begin or end a session, or wait for it. */
export const sessionCalls: Readonly<Record<string, readonly fc.Arbitrary<unknown>[]>> = {
  startTrace: [
    fc.constantFrom("one", "two/three"),
    shaped({ instance_id: text, title: text, prompt: text, tags: fc.array(text), model: text }),
  ],
  rehydrateFromFile: [fc.constantFrom("one", "two/three")],
  getTracePath: [],
  sync: [],
  flush: [],
  endTrace: [fc.option(text, { nil: undefined })],
  flushSync: [fc.option(text, { nil: undefined })],
};

export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** A call whose arguments are mostly right, and at times anything. */
export function call(methods: Readonly<Record<string, readonly fc.Arbitrary<unknown>[]>>): fc.Arbitrary<Call> {
  return fc.oneof(
    ...Object.entries(methods).map(([method, args]) =>
      fc
        .oneof(
          { weight: 6, arbitrary: fc.tuple(...args) },
          { weight: 1, arbitrary: fc.array(oddValue(), { maxLength: args.length }) },
        )
        .map((values): Call => ({ method, args: values })),
    ),
  );
}

// A run whose steps hold what details are hard to draw from: images, a long output, edits of several files, arguments of
// every sort.

import { pngImage } from "../trace/imageSamples";

/** A chart of twelve months, of which one falls out of line. */
function chart(): string {
  const months = [58, 64, 61, 72, 78, 74, 83, 21, 88, 92, 97, 104];
  const png = pngImage(720, 360, (x, y) => {
    const month = Math.floor((x - 40) / 54);
    const isBar = x > 40 && (x - 40) % 54 > 14 && 320 - y < (months[month] ?? 0) * 2.6 && y < 320;
    if (isBar) return month === 7 ? [214, 69, 65] : [66, 133, 244];
    if (y === 320 || x === 40) return [90, 90, 90];
    return y % 52 === 8 ? [226, 229, 234] : [250, 250, 252];
  });
  return png.toString("base64");
}

const before = `export function monthlyTotals(invoices: readonly Invoice[]): Totals {
  const totals = emptyTotals();
  for (const invoice of invoices) {
    const month = invoice.date.getMonth();
    totals[month] += invoice.amount * (1 + invoice.rate);
  }
  return totals;
}

function emptyTotals(): Totals {
  return new Array(12).fill(0);
}
`;
const after = `export function monthlyTotals(invoices: readonly Invoice[]): Totals {
  const totals = emptyTotals();
  for (const invoice of invoices) {
    const month = invoice.date.getUTCMonth();
    totals[month] += roundHalfEven(invoice.amount * (1 + invoice.rate), 2);
  }
  return totals;
}

/** Amounts are in cents; a half goes to the even neighbour. */
function emptyTotals(): Totals {
  return new Array(12).fill(0);
}
`;

const testOutput = [
  "\u001b[1mRUN\u001b[0m  v4.1.12 /repo",
  "",
  " \u001b[31m❯\u001b[0m test/billing/totals.test.ts (3 tests | 1 failed)",
  "   ✓ adds up the invoices of a month",
  "   × counts an invoice of the last day of July to July",
  "",
  "AssertionError: expected 21.4 to be 91.2",
  " ❯ test/billing/totals.test.ts:41:23",
  "    39|   const totals = monthlyTotals(invoices);",
  "    40|",
  "    41|   expect(totals[6]).toBe(91.2);",
  "      |                     ^",
  " ❯ monthlyTotals src/billing/totals.ts:5:12",
  "",
  `DEBUG payload ${JSON.stringify({ invoices: Array.from({ length: 12 }, (_, index) => ({ id: 1_000 + index, amount: 91.2, rate: 0.19 })) })}`,
  "",
];

export function detailsTrace(id: string, endMs: number): unknown {
  const startMs = endMs - 95_000;
  const step = (index: number, name: string, rest: Readonly<Record<string, unknown>>) => ({
    spanId: `d${index}`,
    parentSpanId: "r",
    name,
    kind: "tool",
    startTime: startMs + index * 9_000,
    endTime: startMs + index * 9_000 + 4_200 + index * 370,
    status: "ok",
    ...rest,
  });
  const spans = [
    { spanId: "r", parentSpanId: null, name: id, kind: "session", startTime: startMs, endTime: endMs, status: "ok" },
    step(1, "generation-1", {
      kind: "generation",
      model: { modelId: "claude-sonnet-4-5", providerId: "anthropic" },
      tokens: { input: 3_412, output: 188, total: 3_600 },
      cost: 0.021,
      input: [
        { role: "system", content: "You maintain the billing service.\nAnswer in a few words." },
        {
          role: "user",
          content: [
            {
              type: "text",
              text: "August is far too low in this chart. Why?\nThe sums come from src/billing/totals.ts:5.",
            },
            { type: "image", source: { type: "base64", media_type: "image/png", data: chart() } },
          ],
        },
      ],
      output:
        "Invoices of the **last day** of a month count to the next one:\n\n- `src/billing/totals.ts:4` reads the month in local time\n- sums are not rounded\n\n```ts\nconst month = invoice.date.getUTCMonth();\n```",
    }),
    step(2, "bash", {
      input: { command: "npx vitest run test/billing", description: "Run the tests of billing", timeout: 120_000 },
      output:
        testOutput.join("\n") +
        Array.from(
          { length: 90_000 },
          (_, line) => `[debug] ${line} totals of src/billing/invoice.ts:${(line % 90) + 1} are sound`,
        ).join("\n"),
    }),
    step(3, "edit", {
      input: { filePath: "/repo/src/billing/totals.ts", oldString: before, newString: after, replaceAll: false },
      output: "The file has been updated.",
    }),
    step(4, "apply_patch", {
      input: {
        patch:
          '*** Begin Patch\n*** Update File: src/billing/rounding.ts\n@@ -1,6 +1,6 @@\n /** Rounds half to even. */\n-export function round(value: number): number {\n-  return Math.round(value);\n+export function roundHalfEven(value: number, digits: number): number {\n+  return Number(value.toFixed(digits));\n }\n*** Add File: test/billing/rounding.test.ts\n+import { roundHalfEven } from "../../src/billing/rounding";\n*** Delete File: src/billing/oldRounding.ts\n*** End Patch',
      },
      output: "Done",
    }),
    step(5, "mcp__github__create_issue", {
      input: {
        owner: "acme",
        repo: "billing",
        title: "Invoices of the last day of a month count to the next month where the server runs in another zone",
        body: "## What happens\nAugust is too low in the chart, see `src/billing/totals.ts:4`.\n\n## What should happen\nAn invoice counts to the month that its customer sees.",
        labels: ["bug", "billing"],
        draft: false,
        milestone: null,
        notify: {
          team: "core",
          channels: [
            { type: "chat", name: "#billing" },
            { type: "mail", name: "billing@acme.test" },
          ],
        },
      },
      output: { number: 412, url: "https://github.com/acme/billing/issues/412" },
    }),
  ];
  return {
    version: 2,
    traceId: `trace-${id}`,
    sessionId: id,
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(endMs).toISOString(),
    metadata: { title: "Why is August so low", agent: "build", model: "anthropic/claude-sonnet-4-5" },
    spans,
    summary: {
      totalTokens: 3_600,
      totalCost: 0.021,
      totalToolCalls: 4,
      totalGenerations: 1,
      duration: endMs - startMs,
      status: "completed",
    },
  };
}

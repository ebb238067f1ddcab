// How to get steps into traces of a program that sent none: what to install, how to start it, how to pass on where
// steps go. The snippets of languages were run against a receiver of OTLP as JSON, which is what the session listens to.
// All of them name variables and never hold a value: the token of a session stays out of the panel.

import { useState } from "preact/hooks";
import type { WebviewTextKey } from "../../src/protocol/webviewTexts";
import type { Panel } from "../model/panel";
import { text } from "../text";
import { copyText } from "./copyText";
import { Icon } from "./icon";
import { IconButton } from "./iconButton";

interface Snippet {
  readonly title: WebviewTextKey;
  readonly code: string;
  readonly note?: WebviewTextKey;
}

const pages = ["node", "python", "through"] as const;
type Page = (typeof pages)[number];

const pageTexts = { node: "stepsNode", python: "stepsPython", through: "stepsThrough" } as const;

/** Where the session listens, how to speak to it, and below which span steps belong. */
const variables = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "TRACEPARENT",
];

const snippets: Readonly<Record<Page, readonly Snippet[]>> = {
  node: [
    { title: "stepsInstall", code: "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node" },
    { title: "stepsRun", code: "node --require @opentelemetry/auto-instrumentations-node/register app.js" },
    {
      title: "stepsOwn",
      code: `const { trace } = require("@opentelemetry/api");
const tracer = trace.getTracer("app");

await tracer.startActiveSpan("plan", (span) =>
  plan().finally(() => span.end()),
);`,
    },
  ],
  python: [
    { title: "stepsInstall", code: "pip install opentelemetry-distro opentelemetry-exporter-otlp-json-http" },
    {
      title: "stepsRun",
      code: `opentelemetry-instrument --traces_exporter otlp_json_http \\
  --metrics_exporter none --logs_exporter none python app.py`,
    },
    {
      title: "stepsOwn",
      code: `from opentelemetry import trace

with trace.get_tracer("app").start_as_current_span("plan"):
    plan()`,
    },
  ],
  through: [
    {
      title: "stepsDocker",
      code: `docker run --network host \\
  ${variables.map((name) => `-e ${name}`).join(" \\\n  ")} \\
  my-image`,
      note: "stepsDockerNote",
    },
    {
      title: "stepsSudo",
      // Nothing stands before a name, so that the shell makes one argument of the lines.
      code: `sudo --preserve-env=\\
${variables.join(",\\\n")} ./app`,
      note: "stepsSudoNote",
    },
    {
      title: "stepsSsh",
      code: `port=\${OTEL_EXPORTER_OTLP_ENDPOINT##*:}
ssh -R "$port:127.0.0.1:$port" \\
  -o "SendEnv=OTEL_EXPORTER_OTLP_*" \\
  -o SendEnv=TRACEPARENT \\
  my-host ./app`,
      note: "stepsSshNote",
    },
  ],
};

const pageNotes: Readonly<Partial<Record<Page, WebviewTextKey>>> = {
  python: "stepsPythonNote",
  through: "stepsThroughNote",
};

export function StepsCard({ panel }: { panel: Panel }) {
  const [page, setPage] = useState<Page>("node");
  const kept = panel.header?.output?.keptExporter;
  const pageNote = pageNotes[page];
  const [copied, setCopied] = useState("");
  return (
    <section class="steps-card" aria-label={text("stepsTitle")}>
      <div class="steps-head">
        <Icon name="lightbulb" />
        <h3>{text("stepsTitle")}</h3>
        <span class="space" />
        <IconButton icon="close" label={text("stepsHide")} onClick={() => panel.setStepsCard(false)} />
      </div>
      <p class="steps-words">{kept === undefined ? text("stepsWhy") : text("stepsKept", kept)}</p>
      <div class="segmented is-small" role="group" aria-label={text("stepsFor")}>
        {pages.map((name) => (
          <button key={name} type="button" aria-pressed={name === page} onClick={() => setPage(name)}>
            {text(pageTexts[name])}
          </button>
        ))}
      </div>
      {page === "through" && <p class="steps-words">{text("stepsThroughWords")}</p>}
      {snippets[page].map(({ title, code, note }) => (
        <figure key={title} class="snippet">
          <figcaption>
            <span>{text(title)}</span>
            <IconButton
              icon={copied === code ? "check" : "copy"}
              label={text("copyValue", text(title))}
              onClick={() => {
                copyText(code);
                setCopied(code);
              }}
            />
          </figcaption>
          <pre tabIndex={0}>{code}</pre>
          {note !== undefined && <p class="snippet-note">{text(note)}</p>}
        </figure>
      ))}
      {pageNote !== undefined && <p class="steps-note">{text(pageNote)}</p>}
    </section>
  );
}

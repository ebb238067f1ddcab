// What else is known of the batch.

import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { formatDateTime } from "../../format";
import { formatInteger, text } from "../../text";
import type { BatchPage } from "../model/batchPage";
import type { RunTable } from "../model/runTable";

export function BatchFacts({ page, header, table }: { page: BatchPage; header: BatchHeader; table: RunTable }) {
  const { runner } = header;
  const runs = header.isFinal
    ? undefined
    : runner.type === "gone"
      ? text("runnerGone")
      : runner.type === "alive" && runner.pid !== undefined
        ? text("runnerAlive", String(runner.pid), runner.host ?? "")
        : text("runnerUnknown");
  const facts: readonly (readonly [string, string | undefined])[] = [
    [text("batchId"), header.id],
    [text("task"), table.hasLabels ? undefined : table.task(0)],
    [text("created"), header.createdMs === 0 ? undefined : formatDateTime(header.createdMs, page.timeZone)],
    [text("runner"), runs],
    [text("concurrency"), header.concurrency === undefined ? undefined : formatInteger(header.concurrency)],
    [text("maxAttempts"), header.maxAttempts === undefined ? undefined : formatInteger(header.maxAttempts)],
    [text("engine"), header.engine],
    [text("externalId"), header.externalId],
  ];
  return (
    <section class="side-section">
      <h2>{text("facts")}</h2>
      <FactList facts={facts} />
    </section>
  );
}

export function FactList({ facts }: { facts: readonly (readonly [string, string | undefined])[] }) {
  return (
    <dl class="side-facts">
      {facts.map(([name, value]) =>
        value === undefined || value === "" ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

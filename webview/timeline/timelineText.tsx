// The timeline as text: everything that its picture tells, in lists that a screen reader reads and whose buttons jump.

import type { DurabilityResult } from "../../src/protocol/durabilityMessages";
import { FLAG } from "../../src/trace/spanColumns";
import { formatDuration } from "../format";
import { levelText, loopText, toldText } from "../model/loopWalk";
import type { Panel } from "../model/panel";
import { type Picture, stringAt } from "../model/traceModel";
import { formatInteger, text } from "../text";
import { countWords } from "../ui/loopChip";
import { durabilityFacts } from "./durabilityWords";
import type { TimelineData } from "./timelineModel";
import { burstParentText, burstText, groupText, pointText, rowText, stateText } from "./timelineWords";

const mostLines = 200;

export interface TimelineTextProps {
  readonly panel: Panel;
  readonly picture: Picture;
  readonly data: TimelineData | undefined;
  readonly durability: DurabilityResult | undefined;
  /** Shows a stretch of time and selects a row, unless it is -1. */
  readonly onJump: (row: number, fromMs: number, toMs: number) => void;
}

export function TimelineText(props: TimelineTextProps) {
  const { data } = props;
  if (data === undefined) return null;
  return (
    <div class="timeline-text" tabIndex={0} role="region" aria-label={text("timelineAsText")}>
      <Loops {...props} />
      <NotRun {...props} />
      <Bursts {...props} data={data} />
      <Lanes data={data} />
      <Path {...props} data={data} />
      <Gaps {...props} />
      <DurabilityFacts {...props} />
    </div>
  );
}

type WithData = TimelineTextProps & { readonly data: TimelineData };

function Bursts({ panel, picture, data, onJump }: WithData) {
  const { bursts, burstCount } = data.result;
  const shown = Math.min(mostLines, bursts.row.length);
  return (
    <section>
      <h3>{text("burstsHeading", formatInteger(burstCount))}</h3>
      <p class="dim">{text("burstsAre", formatDuration(bursts.gapMs))}</p>
      <ul>
        {Array.from({ length: shown }, (_, index) => (
          <li key={`${bursts.row[index]} ${bursts.parent[index]}`}>
            <Jump
              words={pointText(panel, picture, bursts.fromMs[index] ?? 0)}
              onJump={() => onJump(bursts.row[index] ?? -1, bursts.fromMs[index] ?? 0, bursts.endMs[index] ?? 0)}
            />{" "}
            {burstText(bursts, index)}
            {(bursts.failed[index] ?? 0) > 0 && `, ${text("failedCount", formatInteger(bursts.failed[index] ?? 0))}`}{" "}
            <span class="dim">{burstParentText(picture, bursts, index)}</span>
          </li>
        ))}
      </ul>
      <More count={burstCount - shown} />
    </section>
  );
}

function Loops({ panel, picture, onJump }: TimelineTextProps) {
  const { loops } = panel.loops;
  if (loops.length === 0) return null;
  const { startMs, endMs } = picture.times;
  return (
    <section>
      <h3>{countWords(loops)}</h3>
      <ul>
        {loops.slice(0, mostLines).map((loop, index) => {
          const first = loop.rows[0] ?? 0;
          const fromMs = startMs[first] ?? 0;
          const toMs = endMs[loop.rows.at(-1) ?? first] ?? fromMs;
          return (
            <li key={index}>
              <Jump words={pointText(panel, picture, fromMs)} onJump={() => onJump(first, fromMs, toMs)} />{" "}
              {loop.tool === "" && loop.told !== undefined ? toldText(loop.told) : loopText(loop)}
              {loop.told !== undefined && loop.tool !== "" && (
                <span class="dim"> {text("toldThen", levelText(loop.told.level), loop.told.message)}</span>
              )}
            </li>
          );
        })}
      </ul>
      <More count={loops.length - mostLines} />
    </section>
  );
}

/** Steps of a playbook that were taken over from an earlier session, or skipped. */
function NotRun({ panel, picture, onJump }: TimelineTextProps) {
  const { columns } = picture.model;
  const rows: number[] = [];
  for (let row = 0; row < columns.count; row++) if (((columns.flags[row] ?? 0) & FLAG.notRun) !== 0) rows.push(row);
  if (rows.length === 0) return null;
  return (
    <section>
      <h3>{text("notRunHeading", formatInteger(rows.length))}</h3>
      <ul>
        {rows.slice(0, mostLines).map((row) => {
          // It has no length: all of the trace stays in view.
          const { startMs, firstMs, lastMs } = picture.times;
          return (
            <li key={row}>
              <Jump words={pointText(panel, picture, startMs[row] ?? 0)} onJump={() => onJump(row, firstMs, lastMs)} />{" "}
              {stringAt(columns, "name", row)}, {stringAt(columns, "outcome", row)}{" "}
              <span class="dim">{stringAt(columns, "label", row)}</span>
            </li>
          );
        })}
      </ul>
      <More count={rows.length - mostLines} />
    </section>
  );
}

function Lanes({ data }: { data: TimelineData }) {
  const { groups, groupCount, laneCount } = data.result;
  return (
    <section>
      <h3>{text("lanesHeading", formatInteger(laneCount))}</h3>
      <ul>
        {groups.slice(0, mostLines).map((group) => (
          <li key={group.firstLane}>
            {groupText(group)} <span class="dim">{text("laneCount", formatInteger(group.laneCount))}</span>
          </li>
        ))}
      </ul>
      <More count={groupCount - Math.min(mostLines, groups.length)} />
    </section>
  );
}

function Path({ panel, picture, data, onJump }: WithData) {
  const { path } = data;
  // Asked for when the text is first looked at.
  if (path === undefined || path.count === 0) return null;
  const { firstMs, lastMs } = picture.times;
  const wholeMs = Math.max(1, lastMs - firstMs);
  const longest = longestFirst(path.count, (index) => path.toMs(index) - path.fromMs(index)).slice(0, mostLines);
  const shown = longest.sort((a, b) => a - b);
  return (
    <section>
      <h3>{text("pathHeading", formatDuration(data.result.pathMs), formatDuration(wholeMs))}</h3>
      <p class="dim">{text("criticalPathHelp")}</p>
      <ol>
        {shown.map((index) => {
          const row = path.rowAt(index);
          const ms = path.toMs(index) - path.fromMs(index);
          return (
            <li key={index}>
              <Jump
                words={pointText(panel, picture, path.fromMs(index))}
                onJump={() => onJump(row, path.fromMs(index), path.toMs(index))}
              />{" "}
              {row < 0 ? text("nothingAtWork") : `${rowText(picture, row)} (${stateText(picture, row)})`}{" "}
              <span class="dim">
                {text("durationAndShare", formatDuration(ms), String(Math.round((100 * ms) / wholeMs)))}
              </span>
            </li>
          );
        })}
      </ol>
      <More count={path.count - shown.length} />
    </section>
  );
}

function Gaps({ panel, picture, onJump }: Pick<TimelineTextProps, "panel" | "picture" | "onJump">) {
  const { gaps } = picture.times.scale;
  if (gaps.length === 0) return null;
  return (
    <section>
      <h3>{text("gapsHeading", formatInteger(gaps.length))}</h3>
      <ul>
        {gaps.map((gap) => (
          <li key={gap.startMs}>
            <Jump words={pointText(panel, picture, gap.startMs)} onJump={() => onJump(-1, gap.startMs, gap.endMs)} />{" "}
            {text("idleGap", formatDuration(gap.endMs - gap.startMs))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function DurabilityFacts({ panel, picture, durability }: TimelineTextProps) {
  if (durability === undefined) return null;
  return (
    <section>
      <h3>{text("durability")}</h3>
      <p class="dim">{text("eventsAre")}</p>
      <ul>
        {durabilityFacts(panel, picture, durability).map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ul>
    </section>
  );
}

function Jump({ words, onJump }: { words: string; onJump: () => void }) {
  return (
    <button type="button" class="link-button" title={text("jumpThere")} onClick={onJump}>
      {words}
    </button>
  );
}

function More({ count }: { count: number }) {
  return count > 0 ? <p class="dim">{text("moreEntries", formatInteger(count))}</p> : null;
}

function longestFirst(count: number, lengthOf: (index: number) => number): number[] {
  return Array.from({ length: count }, (_, index) => index).sort((a, b) => lengthOf(b) - lengthOf(a));
}

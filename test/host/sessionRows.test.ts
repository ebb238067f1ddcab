import { describe, expect, it } from "vitest";
import { SeenSessions } from "../../src/host/sessions/seenSessions";
import {
  directoryName,
  entryContext,
  entryDescription,
  entryIcon,
  entryLabel,
  entryTooltip,
  filterEntries,
  type GroupTexts,
  groupEntries,
  type SortOrder,
  type TooltipTexts,
} from "../../src/host/sessions/sessionRows";
import type { SessionEntry } from "../../src/store/sessionEntry";
import type { SessionStatus } from "../../src/trace/state";

const nowMs = new Date(2026, 10, 21, 12, 0, 0).getTime();
const hourMs = 3_600_000;

function entry(safeId: string, status: SessionStatus, ageMs: number, more: Partial<SessionEntry> = {}): SessionEntry {
  return {
    directory: "/traces",
    safeId,
    key: `/traces/${safeId}.json`,
    sessionId: safeId,
    startedMs: nowMs - ageMs - 1000,
    endedMs: nowMs - ageMs,
    durationMs: 1000,
    modifiedMs: nowMs - ageMs,
    sizeBytes: 10,
    state: { status, reasons: [] },
    files: [`${safeId}.json`],
    ...more,
  };
}

const words = [
  "state",
  "error",
  "problem",
  "started",
  "duration",
  "prompt",
  "model",
  "agent",
  "tokens",
  "cost",
] as const;
const tooltipTexts = Object.fromEntries(
  [...words, "failures", "tags", "playbook", "resumedFrom", "session", "file"].map((word) => [word, word]),
) as unknown as TooltipTexts;

const texts: GroupTexts = {
  live: "Live",
  today: "Today",
  yesterday: "Yesterday",
  allSessions: "All",
  noDate: "No date",
  day: (ms) => new Date(ms).toISOString().slice(0, 10),
};

function render(entries: SessionEntry[], order: SortOrder = "newest"): string[] {
  return groupEntries(entries, order, nowMs, texts).map(
    (group) => `${group.label}: ${group.entries.map((each) => each.safeId).join(" ")}`,
  );
}

const day = [
  entry("old", "completed", 60 * hourMs),
  entry("noon", "failed", hourMs),
  entry("alive", "running", 30 * hourMs, { endedMs: undefined }),
  entry("dawn", "completed", 6 * hourMs, { durationMs: 9_000 }),
  entry("eve", "crashed", 20 * hourMs),
];

describe("the rows of the Sessions view", () => {
  it("show live sessions first, then a group a day, newest first", () => {
    expect(render(day)).toEqual(["Live: alive", "Today: noon dawn", "Yesterday: eve", "2026-11-19: old"]);
  });

  it("keep live sessions on top in every order", () => {
    expect(render(day, "oldest")).toEqual(["Live: alive", "2026-11-19: old", "Yesterday: eve", "Today: dawn noon"]);
    expect(render(day, "longest")[0]).toBe("Live: alive");
    expect(render(day, "longest")[1]).toMatch(/^All: dawn /);
    expect(render(day, "title")[1]).toBe("All: dawn eve noon old");
  });

  it("are filtered by words of title, prompt, state and error, whatever the case", () => {
    const entries = [
      entry("a", "failed", 0, { title: "Fix Tax", state: { status: "failed", reasons: [], error: "boom" } }),
      entry("b", "completed", 0, { prompt: "tax report" }),
    ];
    const ids = (filter: string) => filterEntries(entries, filter).map((each) => each.safeId);
    expect(ids("TAX")).toEqual(["a", "b"]);
    expect(ids("tax boom")).toEqual(["a"]);
    expect(ids("completed")).toEqual(["b"]);
    expect(ids("  ")).toEqual(["a", "b"]);
  });

  it("are called by title, else prompt, else id", () => {
    expect(entryLabel(entry("s", "failed", 0, { title: "T", prompt: "P" }))).toBe("T");
    expect(entryLabel(entry("s", "failed", 0, { title: " ", prompt: "P" }))).toBe("P");
    expect(entryLabel(entry("s", "failed", 0))).toBe("s");
  });

  it("say the state and the age, and a problem in place of a state", () => {
    expect(entryDescription(entry("s", "failed", 3 * hourMs), nowMs)).toBe("Failed · 3 h ago");
    const problem = { code: "empty-file", severity: "error", message: "The file is empty" } as const;
    expect(entryDescription(entry("s", "unknown", 3 * hourMs, { problem }), nowMs)).toBe("The file is empty · 3 h ago");
    expect(entryIcon(entry("s", "unknown", 0, { problem })).icon).toBe("warning");
  });

  it.each(["$(alert) [x](command:evil)", "a\u202eb", "line\nbreak", "<img src=x onerror=alert(1)>"])(
    "make %j harmless in label, description and tooltip",
    (text) => {
      const hostile = entry("s", "failed", 0, {
        title: text,
        prompt: text,
        agent: text,
        model: text,
        sessionId: text,
        tags: [text],
        state: { status: "failed", reasons: [], error: text },
      });
      for (const shown of [
        entryLabel(hostile),
        entryDescription(hostile, nowMs),
        entryTooltip(hostile, nowMs, tooltipTexts),
      ]) {
        expect(shown).not.toMatch(/\]\(|\$\(|\u202e/);
      }
      // Only the tooltip is Markdown; in labels an angle bracket is a character like others.
      expect(entryTooltip(hostile, nowMs, tooltipTexts)).not.toMatch(/<img/);
      expect(entryLabel(hostile)).not.toContain("\n");
    },
  );

  it("say of which playbook they are a run, and which run they go on with", () => {
    const playbook = { path: "/shop/night.playbook.yaml", resumedFrom: "night_1" };
    const told = entryTooltip(entry("s", "failed", 0, { playbook }), nowMs, tooltipTexts).replaceAll("\\", "");
    expect(told).toMatch(/playbook: \/shop\/night\.playbook\.yaml/);
    expect(told).toMatch(/resumedFrom: night_1/);
    expect(entryContext(entry("s", "failed", 0, { playbook }))).toContain("resumable");
    expect(entryContext(entry("s", "completed", 0, { playbook }))).not.toContain("resumable");
    expect(entryContext(entry("s", "failed", 0))).not.toContain("resumable");
  });

  it("invent no age for a file without a time, and group it apart", () => {
    const timeless = entry("s", "unknown", 0, { startedMs: undefined, endedMs: undefined, modifiedMs: 0 });
    expect(entryDescription(timeless, nowMs)).toBe("Unknown");
    expect(render([timeless, ...day]).at(-1)).toBe("No date: s");
  });

  it.each([
    ["/home/me/shop/.tracekeeper/traces", "shop"],
    ["/home/me/.local/share/altimate-code/traces", "altimate-code"],
    ["C:\\runs\\nightly", "nightly"],
    ["/traces", "/traces"],
  ])("say of %s that it is of %s where several directories are listed", (directory, name) => {
    expect(directoryName(directory)).toBe(name);
    expect(entryDescription(entry("s", "failed", 3 * hourMs), nowMs, "shop")).toBe("Failed · 3 h ago · shop");
  });

  it("offer the jump to the failing step for what failed or crashed only", () => {
    const offers = (status: SessionStatus) => /\bfailed\b/.test(entryContext(entry("s", status, 0)));
    expect((["failed", "crashed", "completed", "running", "unknown", "waiting"] as const).filter(offers)).toEqual([
      "failed",
      "crashed",
    ]);
  });
});

describe("what a person has seen", () => {
  function memento() {
    const values = new Map<string, unknown>();
    return {
      get: <T>(key: string) => values.get(key) as T | undefined,
      update: (key: string, value: unknown) => {
        values.set(key, structuredClone(value));
        return Promise.resolve();
      },
    } as ConstructorParameters<typeof SeenSessions>[0];
  }

  it("begins with what is there on first use, and survives a reload", async () => {
    const storage = memento();
    const first = new SeenSessions(storage, nowMs - hourMs);
    expect(first.isUnseen(entry("before", "failed", 2 * hourMs))).toBe(false);
    const after = entry("after", "crashed", 0);
    expect(first.isUnseen(after)).toBe(true);
    expect(first.isUnseen(entry("good", "completed", 0))).toBe(false);
    await first.markSeen(after);
    const second = new SeenSessions(storage, nowMs);
    expect(second.isUnseen(after)).toBe(false);
    expect(second.isUnseen(entry("other", "failed", hourMs / 2))).toBe(true);
  });

  it("forgets a session's end once it fails anew", async () => {
    const seen = new SeenSessions(memento(), nowMs - hourMs);
    await seen.markSeen(entry("s", "failed", 1000));
    expect(seen.isUnseen(entry("s", "failed", 0))).toBe(true);
  });

  it("takes all as seen at once", async () => {
    const seen = new SeenSessions(memento(), nowMs - hourMs);
    await seen.markAllSeen(nowMs);
    expect(seen.isUnseen(entry("s", "failed", 1))).toBe(false);
  });

  it("reads a damaged store as a first use", () => {
    const storage = memento();
    void storage.update("tracekeeper.seenSessions", { allBeforeMs: "no" });
    expect(new SeenSessions(storage, nowMs).isUnseen(entry("s", "failed", hourMs))).toBe(false);
  });
});

// What the panel knows and does: takes the host's messages, holds the picture and the selection, and tells when anything
// changed. No element of the page is touched here.

import { Emitter } from "../../src/base/event";
import {
  type HostMessage,
  type NavigateTarget,
  outputLineOfResultSchema,
  type PanelHeader,
  type PanelProblem,
  type ViewState,
} from "../../src/protocol/panelMessages";
import type { PayloadLooks } from "../../src/protocol/payloadMessages";
import type { SearchOptions } from "../../src/trace/searchQuery";
import { setTexts, text } from "../text";
import { DetailsModel } from "./detailsModel";
import { expectDetails, expectPicture } from "./expectPicture";
import type { Filter } from "./filters";
import { firstSelection, openPaths } from "./firstSelection";
import { frameClock } from "./frameClock";
import type { HostConnection } from "./hostConnection";
import { LoopModel } from "./loopModel";
import { MatchMarks } from "./matchMarks";
import { type FocusTarget, goToMatch, type Navigable, navigate, type Popup } from "./navigation";
import { OutputModel } from "./outputModel";
import type { MessageOf } from "./pictureLoader";
import type { RowList } from "./rowList";
import { SearchModel } from "./searchModel";
import { SelectedNews } from "./selectedNews";
import { defaultSettings, type PanelView, type Settings, settingsOf } from "./settings";
import { type PictureOwner, ShownPicture } from "./shownPicture";
import type { FrameClock } from "./slicedWork";
import { TimeView } from "./timeView";
import type { Picture, RowTree } from "./traceModel";
import { readFilters, ViewMemory, viewState } from "./viewMemory";
import type { FocusWish, Wish } from "./wish";

export interface Unavailable {
  readonly reason: "missing" | "unreadable" | "not-a-trace" | "stopped";
  readonly message: string;
  readonly problems: readonly PanelProblem[];
}

export class Panel implements Navigable {
  readonly connection: HostConnection;
  readonly timeView = new TimeView();
  readonly search: SearchModel;
  /** What was searched for, in the texts that are shown. */
  readonly marks: MatchMarks;
  readonly details: DetailsModel;
  readonly output: OutputModel;
  readonly loops: LoopModel;
  readonly settings: Settings = defaultSettings();
  platform: "mac" | "other" = "other";
  header: PanelHeader | undefined;
  unavailable: Unavailable | undefined;
  /** What keeps answers waiting. */
  delay: MessageOf<"delay">["of"] = "nothing";
  selectedRow = -1;
  popup: Popup = "none";
  showsProblems = false;
  /** The person has put away the card on how to get steps. */
  hidesStepsCard = false;
  /** Rows that came below while the end was not in view. */
  newCount = 0;
  /** What the last jump found, for the status line and for screen readers. */
  announcement = "";
  revealWish: Wish<{ row: number; center: boolean }> | undefined;
  focusWish: FocusWish | undefined;
  tailWish: Wish<"smooth"> | undefined;
  /** Set by the list: whether its end is in view, and where it is scrolled to. */
  isAtTail = true;
  scrollTop = 0;
  nowMs: number;

  readonly #changes = new Emitter<void>();
  readonly #rowTexts = new Emitter<void>();
  readonly #clock: () => number;
  readonly #shown: ShownPicture;
  readonly #memory: ViewMemory;
  readonly #selectedNews = new SelectedNews();
  #isSearchFilter = false;
  #isSelectedInView = true;
  #restored: ViewState | undefined;
  #looks: PayloadLooks | undefined;
  #serial = 0;
  #changeCount = 0;

  constructor(connection: HostConnection, clock: () => number, frames: FrameClock = frameClock) {
    this.connection = connection;
    this.#clock = clock;
    this.nowMs = clock();
    this.#shown = new ShownPicture(connection, this.#pictureOwner(), frames);
    this.#memory = new ViewMemory(connection, () => viewState(this, this.#isSelectedInView));
    this.search = new SearchModel(connection, (hasNewMatches) => {
      // Otherwise what was found is only marked, and the rows stay what they are.
      const isFilter = this.search.filter !== undefined;
      if (hasNewMatches && (isFilter || this.#isSearchFilter)) this.#shown.searchChanged();
      const step = this.search.takePendingStep();
      if (step !== undefined) goToMatch(this, step);
      this.changed();
    });
    this.marks = new MatchMarks(connection, () => this.changed());
    this.details = new DetailsModel(connection, () => this.changed());
    this.loops = new LoopModel(connection, () => this.changed());
    this.output = new OutputModel(
      connection,
      () => this.changed(),
      () => {
        const step = this.output.search.takePendingStep();
        if (step !== undefined) goToMatch(this, step);
        this.changed();
      },
    );
  }

  readonly onDidChange = this.#changes.event;

  /** Labels and outcomes of rows that are shown have come, and nothing else has changed. */
  readonly onDidGetRowTexts = this.#rowTexts.event;

  /** How often anything has changed: what is drawn by hand is drawn again at another number. */
  get changeCount(): number {
    return this.#changeCount;
  }

  get picture(): Picture | undefined {
    return this.#shown.picture;
  }

  get rows(): RowList {
    return this.#shown.rows;
  }

  /** Something that is shown has changed. */
  changed(): void {
    this.#selectedNews.tell(this);
    this.#memory.touch();
    this.#fire();
  }

  /** Tells the host that the page is there, with what it remembers. */
  start(): void {
    this.#restored = this.#memory.read();
    this.connection.post({ type: "ready", ...(this.#restored === undefined ? {} : { state: this.#restored }) });
  }

  saveNow(): void {
    this.#memory.flush();
  }

  receive(message: HostMessage): void {
    this.nowMs = this.#clock();
    switch (message.type) {
      case "init":
        setTexts(message.texts);
        this.platform = message.platform;
        this.hidesStepsCard = message.hidesStepsCard === true;
        this.#looks = message.payloadLooks;
        Object.assign(this.settings, this.#looks);
        break;
      case "open":
        this.#shown.open(message);
        this.unavailable = undefined;
        // The old picture keeps its own header until the new one is complete.
        if (this.picture !== undefined) break;
        this.header = message.header;
        expectDetails(this.details, message);
        break;
      case "columns":
        // Tells of a change itself, when the picture is complete.
        return this.#shown.columns(message);
      case "delta":
        this.#shown.delta(message);
        break;
      case "header":
        if (message.epoch !== this.picture?.epoch) return;
        this.#setHeader(message.header);
        this.#shown.refreshTimes();
        break;
      case "navigate":
        this.navigate(message.target);
        break;
      case "reveal":
        if (message.epoch !== this.picture?.epoch) return;
        this.showRow(message.row, true);
        break;
      case "delay":
        this.delay = message.of;
        break;
      case "unavailable":
        this.unavailable = message;
        this.#shown.clear();
        this.header = undefined;
        this.details.clear();
        break;
    }
    this.changed();
  }

  /** A second has passed: ages and open bars grow. */
  tick(): void {
    this.nowMs = this.#clock();
    if (this.header?.live === true && (this.picture?.model.openCount ?? 0) > 0) this.#shown.refreshTimes();
    this.output.tick(this.nowMs, this.header?.live === true);
    this.#fire();
  }

  /** What the person looks at; the search goes on in it. */
  setView(view: PanelView): void {
    if (view === this.settings.view) return;
    const words = this.searchText;
    this.settings.view = view;
    this.setSearch(words);
    this.changed();
  }

  /** Shows a step: in the output where that is what is looked at and the step is its command, else in the tree. */
  showRow(row: number, isWithin = false): void {
    const line = this.output.header?.failingLine;
    const isCommand = this.output.header?.commands.some((command) => command.row === row) === true;
    if (this.settings.view === "output" && isCommand) {
      this.select(row, { reveal: true });
      if (line !== undefined) this.output.moveTo(line, { center: true });
    } else {
      this.setView("tree");
      this.select(row, { reveal: true });
    }
    this.focus("list", isWithin);
  }

  select(row: number, options: { reveal?: boolean; center?: boolean } = {}): void {
    const picture = this.picture;
    if (picture === undefined || row < 0 || row >= picture.model.columns.count) return;
    if (options.reveal === true) this.#reveal(row, options.center === true);
    if (row !== this.selectedRow) {
      this.selectedRow = row;
      void this.details.load(picture.epoch, row);
    }
    this.changed();
  }

  navigate(target: NavigateTarget): void {
    navigate(this, target);
  }

  goToMatch(direction: 1 | -1): void {
    goToMatch(this, direction);
  }

  /** What is searched for in what the person looks at. */
  get searchText(): string {
    return this.settings.view === "output" ? this.output.search.text : this.search.text;
  }

  setSearch(value: string): void {
    const query = { ...this.settings.searchOptions, text: value };
    const epoch = this.picture?.epoch ?? 0;
    this.marks.setQuery(value === "" ? undefined : query, epoch);
    if (this.settings.view === "output") this.output.search.setQuery(query, epoch);
    else this.search.setQuery(query, () => ({ epoch: this.picture?.epoch ?? 0, row: this.selectedRow }));
  }

  /** How the text of the search is meant. */
  setSearchOptions(options: Partial<SearchOptions>): void {
    this.settings.searchOptions = { ...this.settings.searchOptions, ...options };
    this.setSearch(this.searchText);
    this.changed();
  }

  setFilters(filters: readonly Filter[]): void {
    this.#shown.setFilters(filters, () => {
      if (this.selectedRow >= 0 && this.rows.isShown(this.selectedRow)) this.#wishReveal(this.selectedRow, false);
    });
    this.changed();
  }

  setExpanded(row: number, expanded: boolean): void {
    this.#shown.setExpanded(row, expanded);
    this.changed();
  }

  setAllExpanded(expanded: boolean): void {
    this.#shown.setAllExpanded(expanded, () => {
      const shown = this.nearestShown(this.selectedRow);
      if (shown >= 0) this.#wishReveal(shown, false);
    });
    this.changed();
  }

  expandSiblings(row: number): void {
    this.#shown.expandSiblings(row);
    this.changed();
  }

  /** The row itself or its innermost ancestor that is shown; -1 where a filter hides all of them. */
  nearestShown(row: number): number {
    let shown = row;
    while (shown >= 0 && !this.rows.isShown(shown)) shown = this.picture?.model.columns.parent[shown] ?? -1;
    return shown;
  }

  /** The first line of a burst of output; -1 where the host knows none. */
  async lineOfBurst(row: number): Promise<number> {
    try {
      const params = { epoch: this.picture?.epoch ?? 0, row };
      return (await this.connection.request("outputLineOf", params, outputLineOfResultSchema)).line;
    } catch {
      return -1;
    }
  }

  setStepsCard(isShown: boolean): void {
    this.hidesStepsCard = !isShown;
    this.connection.post({ type: "hideStepsCard", hidden: !isShown });
    this.changed();
  }

  /** Whether idle stretches are drawn as long as they were, by all that shows time. */
  setTrueScale(isTrueScale: boolean): void {
    this.settings.timeline = { ...this.settings.timeline, trueScale: isTrueScale };
    this.#shown.refreshTimes();
    this.changed();
  }

  setPopup(popup: Popup): void {
    this.popup = popup;
    this.changed();
  }

  toggleProblems(): void {
    this.showsProblems = !this.showsProblems;
    this.changed();
  }

  focus(target: FocusTarget, isWithin = false): void {
    this.focusWish = { serial: ++this.#serial, what: target, isWithin };
    this.changed();
  }

  goToTail(): void {
    this.newCount = 0;
    this.tailWish = { serial: ++this.#serial, what: "smooth" };
    this.changed();
  }

  /** Told by the list after every scroll. */
  scrolled(scrollTop: number, isAtTail: boolean, isSelectedInView: boolean): void {
    this.scrollTop = scrollTop;
    this.#isSelectedInView = isSelectedInView;
    this.isAtTail = isAtTail;
    if (isAtTail && this.newCount > 0) {
      this.newCount = 0;
      this.#fire();
    }
    this.#memory.touch();
  }

  #fire(): void {
    this.#changeCount++;
    this.#changes.fire();
  }

  announce(words: string): void {
    this.announcement = words;
    this.changed();
  }

  /** A state that changes while the panel is open is said in words: the icon alone tells nothing to a screen reader. */
  #setHeader(header: PanelHeader, tells = this.picture !== undefined): void {
    const before = tells ? this.header : undefined;
    this.header = header;
    this.output.update(header.output, this.settings.view === "output");
    this.output.tick(this.nowMs, header.live);
    if (before !== undefined && before.sessionId === header.sessionId && before.status !== header.status) {
      this.announcement = text("statusNow", header.statusLabel);
    }
  }

  #reveal(row: number, center: boolean): void {
    // A jump wins over a filter that hides its target.
    this.#shown.uncover(row, () => {
      if (this.search.filter !== undefined && !this.search.isMatch(row)) this.search.setMatchesOnly(false);
      this.#shown.setFilters([]);
    });
    this.#wishReveal(row, center);
  }

  #wishReveal(row: number, center: boolean): void {
    this.revealWish = { serial: ++this.#serial, what: { row, center } };
  }

  #pictureOwner(): PictureOwner {
    const panel = this;
    return {
      get header() {
        return panel.header;
      },
      get nowMs() {
        return panel.nowMs;
      },
      get isTrueScale() {
        return panel.settings.timeline?.trueScale === true;
      },
      searchFilter: () => {
        const filter = this.search.filter;
        this.#isSearchFilter = filter !== undefined;
        return filter;
      },
      opening: (opened, tree, rows) => this.#opening(opened, tree, rows),
      opened: (opened, before) => this.#opened(opened, before),
      following: ({ header }) => this.#setHeader(header),
      grew: (message, shownMore) => this.#grew(message, shownMore),
      changed: () => this.changed(),
      onRowTexts: () => this.#rowTexts.fire(),
    };
  }

  /** Before the first row is found: what is to be expanded and filtered. */
  #opening(opened: MessageOf<"open">, tree: RowTree, rows: RowList): void {
    const { header } = opened;
    const restored = this.picture === undefined ? this.#restorable(header) : undefined;
    if (restored !== undefined) {
      rows.restore(restored.expansion ?? "default", restored.toggledRows ?? [], readFilters(restored.filters));
      if (restored.matchesOnly === true) this.search.setMatchesOnly(true);
    }
    const closed = header.output?.commands.map(({ outputRow }) => outputRow);
    if (!rows.keepsNumbers) rows.begin(tree.columns.count, closed);
    openPaths(opened, tree, rows, restored);
    if (this.picture === undefined) expectPicture(this, opened, tree, rows, restored);
  }

  #opened(opened: MessageOf<"open">, before: Picture | undefined): void {
    const { picture, selectedRow } = this;
    if (picture === undefined) return;
    const restored = before === undefined ? this.#restorable(opened.header) : undefined;
    this.#restored = undefined;
    this.#setHeader(opened.header, before !== undefined);
    if (restored !== undefined) this.#restore(restored);
    else if (before === undefined) this.settings.view = opened.header.output?.isOnly === true ? "output" : "tree";
    this.output.begin(opened.header.output, restored?.output);
    this.newCount = 0;
    this.selectedRow = -1;
    this.details.clear();
    this.#searchAnew(opened.epoch);
    this.loops.changed(opened.epoch, picture.model.columns.count);
    const { row, isKept, isScrolled } = firstSelection(opened, picture, {
      picture: before,
      selectedRow,
      restored,
      isScrolledAway: this.rows.keepsNumbers && !this.#isSelectedInView,
    });
    if (row >= 0) this.select(row, { reveal: true, center: !isKept });
    if (isScrolled) this.revealWish = undefined;
  }

  #restorable(header: PanelHeader): ViewState | undefined {
    return this.#restored?.sessionId === header.sessionId ? this.#restored : undefined;
  }

  #restore(state: ViewState): void {
    this.timeView.restore(state.range);
    Object.assign(this.settings, settingsOf(state), this.#looks);
    this.scrollTop = state.scrollTop ?? 0;
    if (state.search !== undefined) this.setSearch(state.search);
  }

  #grew(message: MessageOf<"delta">, shownMore: number): void {
    const { appended, changedRows, epoch } = message;
    this.loops.changed(epoch, this.picture?.model.columns.count ?? 0);
    if (appended.startMs.length > 0 && shownMore > 0) {
      if (this.isAtTail) this.tailWish = { serial: ++this.#serial, what: "smooth" };
      else this.newCount += shownMore;
    }
    if (this.selectedRow >= 0 && changedRows.includes(this.selectedRow)) {
      void this.details.load(epoch, this.selectedRow, true);
    }
    if (this.settings.view === "output") this.output.search.askAgain(epoch);
    else {
      const count = this.picture?.model.columns.count ?? 0;
      this.search.rowsChanged(changedRows, count - appended.startMs.length, count);
    }
  }

  #searchAnew(epoch: number): void {
    this.marks.setQuery(this.marks.query, epoch);
    this.search.searchAnew();
    if (this.settings.view === "output") this.output.search.askAgain(epoch);
  }
}

// The states of the timeline.
import { burstTrace, crashedTrace } from "../browser/timelineTraces";
import { largeTrace, writeTrace } from "./madeTraces";
import { hideSideBar, openSession, openTimeline, timelineShown, traceFile } from "./scenes";
import { everyTheme, mainThemes, phone, type State, usual, zoomed } from "./state";

export const timelineStates: readonly State[] = [
  {
    name: "timeline-burst",
    themes: everyTheme,
    sizes: [usual, phone, zoomed],
    async steps(scene) {
      await openTimeline(scene, "bursts", burstTrace(), "Two agents and three bursts");
      const { workbench } = scene;
      const body = (await workbench.panel().locator(".timeline-body").boundingBox())!;
      await workbench.panel().getByRole("button", { name: "By Agent" }).click();
      await timelineShown(workbench);
      if (body.width < 600) return;
      const { mouse } = workbench.page;
      await mouse.move(body.x + body.width * 0.16, body.y + 60);
      await mouse.down();
      await mouse.move(body.x + body.width * 0.34, body.y + 60, { steps: 4 });
      await mouse.up();
      await workbench
        .panel()
        .getByText(/steps began/)
        .waitFor();
    },
  },
  {
    name: "timeline-path",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openTimeline(scene, "bursts", burstTrace(), "Two agents and three bursts");
      await scene.workbench.panel().getByRole("button", { name: "Critical Path" }).click();
      await timelineShown(scene.workbench);
    },
  },
  {
    name: "timeline-crashed",
    themes: everyTheme,
    sizes: [usual, phone],
    async steps(scene) {
      const { workbench } = scene;
      await writeTrace(traceFile(scene, "crashed"), crashedTrace());
      await openSession(scene, "Migrate warehouse, killed");
      if (workbench.page.viewportSize()?.width === phone.widthPx) await hideSideBar(scene);
      await timelineShown(workbench);
      const lane = workbench.panel().locator(".durability");
      await lane.hover({ position: { x: ((await lane.boundingBox())?.width ?? 0) * 0.72, y: 12 } });
      await workbench
        .panel()
        .getByText(/Had the machine lost power here/)
        .waitFor();
    },
  },
  {
    name: "timeline-text",
    themes: ["light", "dark"],
    sizes: [usual],
    async steps(scene) {
      await openSession(scene, "Overnight backfill");
      await scene.workbench.panel().getByRole("button", { name: "Show the Timeline" }).click();
      await timelineShown(scene.workbench);
      await scene.workbench.panel().getByRole("button", { name: "View as Text" }).click();
      await scene.workbench
        .panel()
        .getByText(/Critical path: /)
        .waitFor();
    },
  },
  {
    name: "timeline-huge",
    themes: mainThemes,
    sizes: [usual],
    async steps(scene) {
      await writeTrace(traceFile(scene, "ses_huge"), largeTrace("ses_huge", 500_000, Date.now() - 60_000));
      await openSession(scene, "Nightly migration");
      await scene.workbench.panel().getByRole("button", { name: "Show the Timeline" }).click();
      await timelineShown(scene.workbench);
    },
  },
];

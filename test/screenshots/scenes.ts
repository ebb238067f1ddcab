// The ways into a state that several of them share: each opens something as a person does, and waits until it shows.
import { join } from "node:path";
import type { TraceFile } from "../../src/trace/schema";
import type { Workbench } from "../support/workbench";
import { writeTrace } from "./madeTraces";
import type { Scene } from "./state";

export function traceFile(scene: Scene, id: string): string {
  return join(scene.vscode.workspaceFolder, ".tracekeeper", "traces", `${id}.json`);
}

/** Opens a session by its row and waits until its steps show. */
export async function openSession({ workbench }: Scene, row: string | RegExp): Promise<void> {
  await workbench.openContainer("Tracekeeper");
  await workbench.row(row).first().click();
  await workbench.panel().getByRole("treegrid").waitFor();
  await workbench.panel().locator("canvas").first().waitFor();
  await detailsShown(workbench);
}

/** Writes the trace of a program that only printed, and opens it at its output. */
export async function openOutput(scene: Scene, id: string, trace: TraceFile): Promise<void> {
  const { workbench } = scene;
  await writeTrace(traceFile(scene, id), { ...trace, sessionId: id });
  await workbench.openContainer("Tracekeeper");
  await workbench
    .row(trace.metadata.title ?? "")
    .first()
    .click();
  await workbench.panel().getByRole("grid", { name: "Output of the program" }).waitFor();
  await workbench.panel().locator(".line-text:not(:empty)").first().waitFor();
  await detailsShown(workbench);
}

/** The facts are the last part of a step's details. */
export async function detailsShown(workbench: Workbench): Promise<void> {
  await workbench.panel().getByRole("tabpanel").getByText("Span id").waitFor();
}

/** Writes a trace, opens it and its timeline. */
export async function openTimeline(scene: Scene, id: string, trace: TraceFile, row: string): Promise<void> {
  await writeTrace(traceFile(scene, id), trace);
  await openSession(scene, row);
  if ((scene.workbench.page.viewportSize()?.width ?? 0) < 800) await hideSideBar(scene);
  await scene.workbench.panel().getByRole("button", { name: "Show the Timeline" }).click();
  await timelineShown(scene.workbench);
}

/** The lanes are here, and how much was at work in each column. */
export async function timelineShown(workbench: Workbench): Promise<void> {
  // What a click asks for is under way after the next frame.
  await workbench
    .panel()
    .locator("body")
    .evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await workbench.panel().locator(".timeline-body[aria-busy=false]").waitFor();
}

export async function hideSideBar({ workbench }: Scene): Promise<void> {
  await workbench.runCommand("View: Toggle Primary Side Bar Visibility");
  await workbench.sideBar.waitFor({ state: "hidden" });
}

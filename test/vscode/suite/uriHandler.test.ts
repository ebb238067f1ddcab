import { strict as assert } from "node:assert";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import * as vscode from "vscode";
import { silentLogger } from "../../../src/base/logger";
import { FailingStepNavigator } from "../../../src/host/failures/goToFailingStep";
import { PanelRegistry } from "../../../src/host/panel/panelRegistry";
import { createUriHandler } from "../../../src/host/uriHandler";
import { TraceStore } from "../../../src/store/traceStore";
import { closeAllEditors, customTabs, hearMessages, removeFiles, type Told, traceFolder, writeTrace } from "./support";

describe("a link to a session", () => {
  let trace: string;
  let store: TraceStore;
  let registry: PanelRegistry;
  let told: Told;
  let handler: vscode.UriHandler;
  before(async () => {
    trace = await writeTrace({ id: "linked.session" });
  });
  after(() => removeFiles(trace));
  beforeEach(() => {
    store = new TraceStore({ directories: [traceFolder], logger: silentLogger });
    registry = new PanelRegistry();
    const start = () => store.start();
    handler = createUriHandler(start, store, new FailingStepNavigator(store, registry, start));
    told = hearMessages();
  });
  afterEach(async () => {
    told.restore();
    store.dispose();
    registry.dispose();
    await closeAllEditors();
  });

  async function follow(path: string, query: string): Promise<void> {
    await handler.handleUri(vscode.Uri.from({ scheme: "vscode", authority: "tracekeeper.tracekeeper", path, query }));
  }

  it("opens the panel of a listed session", async () => {
    await follow("/open", "session=linked.session");
    assert.deepEqual(customTabs(), ["tracekeeper.trace traces/linked.session.json"]);
    assert.deepEqual(told.messages, []);
  });

  it("leaves the step that it names to the panel", async () => {
    await follow("/open", "session=linked.session&span=linked.session-step");
    assert.deepEqual(registry.takeReveal(trace), { type: "span", spanId: "linked.session-step" });
  });

  for (const [what, path, query] of [
    ["an unknown session", "/open", "session=nobody"],
    ["no session", "/open", ""],
    ["a path", "/open", `session=${encodeURIComponent(`${traceFolder}/linked.session.json`)}`],
    ["a relative path", "/open", "session=../traces/linked.session"],
    ["a file name", "/open", "session=linked.session.json"],
    ["a network path", "/open", "session=%5C%5Chost%5Cshare%5Clinked.session"],
    ["an endless id", "/open", `session=${"x".repeat(301)}`],
    ["an endless step", "/open", `session=linked.session&span=${"x".repeat(301)}`],
    ["another action", "/delete", "session=linked.session"],
    ["an action below", "/open/x", "session=linked.session"],
    ["the action in capitals", "/OPEN", "session=linked.session"],
  ] as const)
    it(`opens nothing and warns when it names ${what}`, async () => {
      await follow(path, query);
      assert.deepEqual(customTabs(), []);
      assert.equal(told.messages.length, 1);
      assert.match(told.messages[0] ?? "", /^warning /);
    });

  it("shows a hostile name as text", async () => {
    await follow("/open", `session=${encodeURIComponent("[x](command:workbench.action.quit) $(bug)\u202e")}`);
    assert.deepEqual(told.messages, [
      "warning No listed session is called [x] (command:workbench.action.quit) $ (bug).",
    ]);
  });
});

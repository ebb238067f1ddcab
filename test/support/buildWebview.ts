// Before the browser suite: builds the pages, so that the tests drive the bundle that is shipped and never an old one.
import { build } from "../../esbuild.mjs";

export async function setup(): Promise<void> {
  await build({ names: ["webview", "batchPage"], quiet: true });
}

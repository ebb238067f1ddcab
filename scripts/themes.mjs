// `node scripts/run.mjs themes`: see test/support/webviewTheme.ts.
import { runTypeScript } from "./lib/runTypeScript.mjs";

process.exitCode = await runTypeScript("test/screenshots/captureThemes.ts", []);

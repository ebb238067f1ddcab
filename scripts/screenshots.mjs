// `npm run screenshots [-- <state>...] [--theme <name>]`: see test/screenshots/states.ts.
import { runTypeScript } from "./lib/runTypeScript.mjs";

process.exitCode = await runTypeScript("test/screenshots/main.ts", process.argv.slice(2));

// `node scripts/run.mjs sampleWorkspace`: makes the sample workspace anew, for F5.
import { sampleWorkspaceFolder } from "./lib/paths.mjs";
import { createSampleWorkspace } from "./lib/sampleWorkspace.mjs";

console.log(await createSampleWorkspace(sampleWorkspaceFolder));

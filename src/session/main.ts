// The session process as a program: `node session.js --launch <file> [-- <words>]`.

import { runSessionProcess } from "./sessionMain";

void runSessionProcess(process.argv.slice(2));

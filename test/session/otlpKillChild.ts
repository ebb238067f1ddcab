// The process that is killed: a session that receives spans, on a port that it tells, until it is no more.
//
//   node otlpKillChild.mjs <directory>

import { nodeFs } from "../../src/recorder/recorderFs";
import { startOtlpReceiver } from "../../src/session/otlpReceiver";
import { token } from "./otlpClient";
import { openSession } from "./otlpSession";

const { recorder, commandId } = openSession(process.argv[2] ?? "", nodeFs);
const { port } = await startOtlpReceiver({ token, recorder, parentSpanId: commandId, onProblem: () => {} });
process.stdout.write(`${port}\n`);

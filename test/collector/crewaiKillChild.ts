// The process that is killed: a collector that takes crewAI's batches, on a port that it tells, until it is no more.
//
//   node crewaiKillChild.mjs <directory>

import { startCrewaiCollector } from "../../src/collector/crewaiCollector";

const collector = await startCrewaiCollector({ directory: process.argv[2] ?? "", port: 0 });
process.stdout.write(`${collector.port}\n`);

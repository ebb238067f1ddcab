// A collector that takes crewAI's trace batches as well, and grants crewAI's newer releases its endpoints.

import { type CollectedSessionFacts, type Collector, type CollectorOptions, startCollector } from "./collector";
import { type CrewaiLimits, crewaiHandler } from "./crewaiHandler";
import type { OpenCrewSession } from "./crewaiSession";

export interface CrewaiCollectorOptions extends CollectorOptions {
  readonly crewaiLimits?: Partial<CrewaiLimits> | undefined;
}

/** In the place of `startCollector`; rejects as that does. */
export async function startCrewaiCollector(options: CrewaiCollectorOptions): Promise<Collector> {
  const { directory, fsync, handlers = [], onProblem = () => undefined, onSession, crewaiLimits } = options;
  let collector: Collector | undefined;
  const crewai = crewaiHandler({
    directory,
    fsync,
    onProblem,
    onSession: (session) => onSession?.(factsOf(session)),
    limits: crewaiLimits,
    endpointFor: (sessionId) => {
      if (collector === undefined) throw new Error("The collector has not started");
      return collector.endpointFor(sessionId);
    },
  });
  const started = await startCollector({ ...options, handlers: [...handlers, crewai] });
  collector = started;
  return {
    url: started.url,
    port: started.port,
    isOtherPort: started.isOtherPort,
    get sessions() {
      return [...started.sessions, ...crewai.sessions().map(factsOf)];
    },
    endpointFor: (sessionId) => started.endpointFor(sessionId),
    crash(reason, signal) {
      started.crash(reason, signal);
      crewai.crash(reason, signal);
    },
    async close() {
      await started.close();
      await crewai.close();
    },
  };
}

function factsOf({ sessionId, title, path, events }: OpenCrewSession): CollectedSessionFacts {
  return { sessionId, title, path, spans: events };
}

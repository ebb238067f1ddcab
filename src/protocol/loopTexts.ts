// The texts about loops and what else guardrails watch. Part of `webviewTexts`.

export const loopTexts = {
  oneLoop: "{0} loop",
  manyLoops: "{0} loops",
  oneHint: "{0} hint",
  manyHints: "{0} hints",
  oneWarning: "{0} warning",
  manyWarnings: "{0} warnings",
  /** Of a session that a guardrail has stopped. */
  oneStop: "{0} stop",
  manyStops: "{0} stops",
  nextLoopHelp: "Go to the next one (o), with Shift to the one before",
  noLoops: "No loops in this trace",
  loopAt: "{0} of {1}: {2}",
  onlyLoop: "The only one: {0}",
  /** What the call is, how often. */
  loopRepeat: "{0}, {1} times with the same result",
  loopFailing: "{0}, failed {1} times",
  loopCycle: "{0}, round and round {1} times",
  loopRevisit: "{1} calls beginning with {0}, {2} times with nothing new",
  loopFailures: "{1} failures one after the other, from {0} on",
  partOfLoop: "Part of a loop: {0}",
  partOfHint: "Watched by guardrails: {0}",
  callOfLoop: "call {0} of {1}",
  previousOfLoop: "Previous",
  nextOfLoop: "Next",
  previousOfLoopHelp: "Go to the call before in this loop",
  nextOfLoopHelp: "Go to the next call of this loop",
  levelHint: "hint",
  levelWarn: "warning",
  levelStop: "stopped the session",
  guardrailTold: "Guardrail ({0}): {1}",
  toldThen: "Told while it ran ({0}): {1}",
  /** Of a cycle, in the summary. */
  rounds: "×{0} round",
} as const;

// How many failures a trace has by what its files say of its end, for whoever writes or lists it: the number that is shown
// when it is opened.

import type { Steps } from "../base/steps";
import { actionKey } from "./actionKey";
import { columnsInSteps } from "./buildColumns";
import { failuresInSteps } from "./failures";
import type { SummaryStatus, TraceSpan } from "./schema";
import { treeInSteps } from "./spanTree";
import type { SessionState } from "./state";

export function* countFailures(spans: readonly TraceSpan[], status: SummaryStatus | undefined): Steps<number> {
  const { columns } = yield* columnsInSteps(spans);
  const tree = yield* treeInSteps(columns);
  const keyOf = (row: number) => (spans[row] === undefined ? "" : actionKey(spans[row]));
  return (yield* failuresInSteps(columns, tree, keyOf, claimedState(status))).failures.length;
}

/** What a reader makes of a session whose files say that, as long as nothing speaks against it. */
export function claimedState(status: SummaryStatus | undefined): SessionState {
  return { status: status === "error" ? "failed" : (status ?? "unknown"), reasons: [] };
}

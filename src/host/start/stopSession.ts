// Tells a session process to stop its program: through its control port, or by a signal where that does not answer. A
// signal goes only to the process that claimed the launch, never to a later one with the same number.

import { request } from "node:http";
import type { ProcessFacts } from "../../recorder/liveness";
import type { LaunchClaim } from "../../session/launch";
import { isClaimAlive } from "./launchFolder";

const answerMs = 3_000;

export type StopResult = "asked" | "signalled" | "gone";

export async function stopSession(
  claim: LaunchClaim,
  process: (pid: number) => ProcessFacts,
  kill: (pid: number) => void,
): Promise<StopResult> {
  if (claim.control && (await askToStop(claim.control))) return "asked";
  if (!isClaimAlive(claim, process)) return "gone";
  // The session process answers SIGTERM with the same steps.
  kill(claim.pid);
  return "signalled";
}

/** False where nobody answers, or not with a success. */
function askToStop(control: { readonly url: string; readonly token: string }): Promise<boolean> {
  return new Promise((resolve) => {
    // The claim is a file; whatever it says, the token goes to this machine only.
    const url = URL.parse(`${control.url.replace(/\/+$/, "")}/stop`);
    if (url?.protocol !== "http:" || !["127.0.0.1", "[::1]", "localhost"].includes(url.hostname)) {
      resolve(false);
      return;
    }
    const asking = request(
      url,
      // No proxy and no kept connection: the port is gone with the session.
      { method: "POST", agent: false, headers: { authorization: `Bearer ${control.token}`, "content-length": "0" } },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 300);
      },
    );
    asking.setTimeout(answerMs, () => asking.destroy());
    asking.on("error", () => resolve(false));
    asking.on("close", () => resolve(false));
    asking.end();
  });
}

// Who is asked before a trace leaves the machine, and where it goes then: one pure table. The first time nothing is read or
// sent without a yes, and what goes then is ephemeral, whoever is signed in; a yes goes before a setting that says no.

import { type PublishClock, within } from "./publishClock";
import type { Family } from "./publishRecord";
import type { Access } from "./traceBatch";

/** What a person has said on this machine; undefined while nobody was asked. */
export type Remembered = "yes" | "no" | undefined;

export interface ConsentRequest {
  readonly remembered: Remembered;
  /** `command`: a person asks for this publication. `run`: one has ended, and publishing is set to be automatic. */
  readonly trigger: "command" | "run";
  /** The setting, for what is not asked for by a person. */
  readonly isEnabled: boolean;
}

export type ConsentPlan =
  /** Before anything is read or sent, and only once the run has ended; nothing is asked while it runs. */
  | { readonly type: "ask"; readonly isFirst: boolean }
  | { readonly type: "publish" }
  | { readonly type: "keep"; readonly reason: "declined" | "turned off" };

/** What is to be done when a run has ended, or a person asks. */
export function planConsent({ remembered, trigger, isEnabled }: ConsentRequest): ConsentPlan {
  if (trigger === "command") return { type: "ask", isFirst: remembered !== "yes" };
  if (remembered === "no") return { type: "keep", reason: "declined" };
  if (remembered === undefined) return { type: "ask", isFirst: true };
  return isEnabled ? { type: "publish" } : { type: "keep", reason: "turned off" };
}

/** Whether a batch may be begun while the run is under way: not before anybody has ever said yes. */
export function mayBeginEarly(remembered: Remembered, isEnabled: boolean): boolean {
  return remembered === "yes" && isEnabled;
}

export interface ConsentDecision {
  /** What to remember; undefined leaves that as it is. */
  readonly remember: Remembered;
  readonly publish: PublishAs | undefined;
}

export interface PublishAs {
  /** `token`: on the endpoints of the team where there is a token, else ephemeral. */
  readonly family: "ephemeral" | "token";
  /** Goes before the setting, in each of the requests. */
  readonly isExplicit: boolean;
}

/** @param answer undefined where the question was closed without one: then it is asked again another time */
export function decideConsent(plan: ConsentPlan, answer: "yes" | "no" | undefined): ConsentDecision {
  if (plan.type === "keep") return { remember: undefined, publish: undefined };
  if (plan.type === "publish") return { remember: undefined, publish: { family: "token", isExplicit: false } };
  if (answer === "yes") {
    return { remember: "yes", publish: { family: plan.isFirst ? "ephemeral" : "token", isExplicit: true } };
  }
  // Whoever has said yes before and does not want this one sent has not changed what happens by itself.
  return { remember: answer === "no" && plan.isFirst ? "no" : undefined, publish: undefined };
}

/** Keeps tokens: the secret storage of the editor, or a variable of the command line. */
export type TokenSource = () => PromiseLike<string | undefined>;

/** So long a keeper of tokens is waited for: a keyring may ask for a password that nobody types. */
const tokenMs = 5_000;

/** Never rejects, and comes within the limit. A first publication does not read a token at all. */
export async function accessFor({ family }: PublishAs, source: TokenSource, clock: PublishClock): Promise<Access> {
  if (family === "ephemeral") return { family };
  const read = async () => await source();
  const token = await within(clock, tokenMs, read(), undefined).catch(() => undefined);
  const trimmed = typeof token === "string" ? token.trim() : "";
  // A line feed in a header is refused by every client, with the token in the message.
  return /^[\x21-\x7e]+$/.test(trimmed) ? { family: "authenticated", token: trimmed } : { family: "ephemeral" };
}

/** An ephemeral trace is gone after a day. */
const ephemeralMs = 86_400_000;

/** When the server forgets what was published, in ms since the epoch; undefined where it keeps it. */
export function expiresAtMs(family: Family, publishedAtMs: number): number | undefined {
  return family === "ephemeral" ? publishedAtMs + ephemeralMs : undefined;
}

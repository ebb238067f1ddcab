// Runs playbooks and resumes them as a person asks for it: questions first, then a launch like any other. What is secret
// goes into the launch's file, which the session process empties of it, and stands in no record of this window.

import { basename, dirname, resolve } from "node:path";
import * as vscode from "vscode";
import type { Logger } from "../../../base/logger";
import type { LaunchedPlaybook } from "../../../session/launch";
import type { Parameter, ParameterValue, Playbook } from "../../../session/playbook/playbook";
import { plainText } from "../../../trace/plainText";
import { fileFolders } from "../../directories";
import { readSettings } from "../../settings";
import type { LaunchRecord } from "../../start/launchRecord";
import type { LaunchRequest } from "../../start/launchRequest";
import { folderOf } from "../../start/traceFolder";
import type { PlaybookTools } from "../loadPlaybookTools";
import { askParameters, type ParameterQuestions } from "./askParameters";
import { chooseAgain } from "./chooseAgain";
import type { KeptSecrets } from "./keptSecrets";
import { chooseEnd } from "./leftRunning";
import { modelKeys } from "./modelKeys";
import { playbookOfMaskedPath } from "./pickPlaybook";
import { readyPlaybook } from "./readyPlaybook";

export interface PlaybookRunnerParts {
  readonly tools: () => PlaybookTools;
  readonly secrets: KeptSecrets;
  readonly logger: Logger;
  launch(request: LaunchRequest): Promise<unknown>;
}

type Values = Readonly<Record<string, ParameterValue>>;

export class PlaybookRunner {
  readonly #parts: PlaybookRunnerParts;

  constructor(parts: PlaybookRunnerParts) {
    this.#parts = parts;
  }

  /** Asks for every parameter. */
  async run(path: string): Promise<void> {
    const playbook = await readyPlaybook(path, this.#parts.tools());
    if (playbook === undefined) return;
    const given = await askParameters(playbook.params, this.#questions(playbook, false));
    if (given !== undefined) await this.#launch(playbook, given);
  }

  /** With the parameters of that time; what they don't tell is asked for. */
  async runAgain({ start }: LaunchRecord): Promise<void> {
    if (start.type !== "program" || start.program.type !== "playbook") return;
    const { path, params: earlier } = start.program;
    const playbook = await readyPlaybook(path, this.#parts.tools());
    if (playbook === undefined) return;
    const given = await this.#complete(playbook, earlier);
    if (given !== undefined) await this.#launch(playbook, given);
  }

  /** @param key of the session that failed */
  async resume(key: string): Promise<void> {
    const tools = this.#parts.tools();
    const { run: recorded } = await tools.readResumable(key);
    const path = await tools.playbookOfRun(recorded).catch((error: unknown) => {
      if (!(error instanceof tools.ResumeError) || error.reason !== "path") throw error;
      return playbookOfMaskedPath(error.message);
    });
    const playbook = path === undefined ? undefined : await readyPlaybook(path, tools);
    if (playbook === undefined) return;
    const { stopPauses } = readSettings(this.#parts.logger, vscode.Uri.file(playbook.path));
    const end = await chooseEnd(recorded, tools, stopPauses.killAfterMs);
    if (end === undefined) return;
    const { values, missing } = tools.takenParameters(playbook.params, recorded.params, {});
    const secret = new Set(playbook.params.filter(({ isSecret }) => isSecret).map(({ name }) => name));
    const earlier = Object.fromEntries(Object.entries(values).filter(([name]) => !secret.has(name)));
    const completed = await this.#complete(playbook, earlier as Values, new Set(missing));
    if (completed === undefined) return;
    const program = { path: playbook.path, params: completed };
    const plan = await tools.planResume(recorded, program);
    if (plan.type === "unsound") throw new Error(plan.loaded.problems.join("; "));
    const again = await chooseAgain(recorded.problems, plan.changes);
    if (again === undefined) return;
    if (plan.next === undefined && again.length === 0 && recorded.end?.isOk === true) {
      const nothing = vscode.l10n.t("All steps of {0} have finished: nothing is left to go on with.", playbook.name);
      void vscode.window.showInformationMessage(plainText(nothing));
      return;
    }
    await end();
    await this.#launch(playbook, completed, { path: recorded.file, again: [...again] });
  }

  /**
   * Asks for what is missing, or is no longer what the playbook takes.
   * @param wanted have to be given although they may be left out
   */
  async #complete(playbook: Playbook, earlier: Values, wanted?: ReadonlySet<string>): Promise<Values | undefined> {
    const tools = this.#parts.tools();
    const questions = this.#questions(playbook, true, earlier);
    const isSound = (parameter: Parameter): boolean => {
      const { name, isRequired, isSecret } = parameter;
      if (!Object.hasOwn(earlier, name)) return !(wanted?.has(name) ?? (isSecret || isRequired)) && !isRequired;
      return typeof tools.parameterValue(parameter, earlier[name], questions.absolute) !== "object";
    };
    const unsound = playbook.params.filter((parameter) => !isSound(parameter));
    const given = await askParameters(unsound, questions);
    if (given === undefined) return undefined;
    const known = new Set(playbook.params.filter(isSound).map(({ name }) => name));
    return { ...Object.fromEntries(Object.entries(earlier).filter(([name]) => known.has(name))), ...given };
  }

  #questions(playbook: Playbook, isQuick: boolean, earlier?: Values): ParameterQuestions {
    const { tools, secrets } = this.#parts;
    const { name, path } = playbook;
    const base = cwdOf(path);
    return { title: name, path, tools: tools(), secrets, earlier, isQuick, absolute: (each) => resolve(base, each) };
  }

  async #launch(playbook: Playbook, given: Values, resume?: LaunchedPlaybook["resume"]): Promise<void> {
    const { tools, secrets, launch } = this.#parts;
    const { name, path, params } = playbook;
    const { resolveParameters, keySecrets, readPlaybook } = tools();
    const { values, errors } = resolveParameters(params, given, {
      given: (each) => resolve(cwdOf(path), each),
      default: (each) => resolve(dirname(path), each),
    });
    if (errors.length > 0) throw new Error(errors.join(" "));
    const keys = await modelKeys(await keySecrets(playbook, values, readPlaybook), name, secrets);
    if (keys === undefined) return;
    const isVisible = (each: string) => params.find((parameter) => parameter.name === each)?.isSecret === false;
    const visible = Object.fromEntries(Object.entries(given).filter(([each]) => isVisible(each)));
    await launch({
      title: name,
      origin: { type: "playbook", label: basename(path), path },
      start: { type: "program", program: { type: "playbook", path, params: visible }, cwd: cwdOf(path) },
      playbook: {
        params: { ...given },
        ...(Object.keys(keys).length === 0 ? {} : { secrets: { ...keys } }),
        ...(resume === undefined ? {} : { resume }),
      },
    });
  }
}

/** The workspace folder that holds the playbook; its own folder where none does. */
export function cwdOf(path: string): string {
  const folders = fileFolders().map((folder) => folder.path);
  const folder = folderOf(path, folders);
  return folder !== undefined && resolve(path).startsWith(resolve(folder)) ? folder : dirname(path);
}

// What a step of a playbook says of its run: taken over, skipped, tried again, recovered, and its own error behind the
// message that the playbook has for it.

import type { RunNotes as Notes } from "../../../src/trace/runNotes";
import type { Panel } from "../../model/panel";
import { formatInteger, text } from "../../text";
import { Icon, type IconName } from "../icon";

export function RunNotes({ panel, notes }: { panel: Panel; notes: Notes }) {
  const { replayedFrom, resumedFrom, skipped, attempts, isRecovered, rawError } = notes;
  return (
    <>
      {replayedFrom !== undefined && (
        <Note icon="info" words={text("stepReplayed")} panel={panel} sessionId={replayedFrom} />
      )}
      {resumedFrom !== undefined && (
        <Note icon="info" words={text("runResumed")} panel={panel} sessionId={resumedFrom} />
      )}
      {skipped !== undefined && <Note icon="info" words={text("stepSkipped", skipped)} />}
      {attempts !== undefined && <Note icon="sync" words={text("stepAttempts", formatInteger(attempts))} />}
      {isRecovered === true && <Note icon="info" words={text("stepRecovered")} />}
      {rawError !== undefined && (
        <section class="raw-error" aria-label={text("rawError")}>
          <h3 class="raw-error-title">{text("rawError")}</h3>
          <pre class="raw-error-text">{rawError}</pre>
        </section>
      )}
    </>
  );
}

interface NoteProps {
  readonly icon: IconName;
  readonly words: string;
  readonly panel?: Panel;
  /** "" where nobody knows it. */
  readonly sessionId?: string;
}

function Note({ icon, words, panel, sessionId = "" }: NoteProps) {
  return (
    <div class="loop-note is-hint" role="note">
      <Icon name={icon} />
      <div class="loop-words">
        <p>
          {words}{" "}
          {panel !== undefined && sessionId !== "" && (
            <button
              type="button"
              class="link-button"
              title={text("openThatSession")}
              onClick={() => panel.connection.post({ type: "openSession", sessionId })}
            >
              {sessionId}
            </button>
          )}
        </p>
      </div>
    </div>
  );
}

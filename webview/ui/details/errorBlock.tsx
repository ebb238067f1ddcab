// The error of a step, first and in full: its type, its message, its stack.

import type { DetailsError } from "../../../src/trace/spanDetails";
import type { Panel } from "../../model/panel";
import { text } from "../../text";
import { Icon } from "../icon";
import { IconButton } from "../iconButton";
import { TextWell } from "./textWell";

export interface ErrorBlockProps {
  readonly panel: Panel;
  readonly reference: { readonly epoch: number; readonly row: number };
  readonly error: DetailsError;
  readonly isRecovered: boolean;
}

export function ErrorBlock({ panel, reference, error, isRecovered }: ErrorBlockProps) {
  return (
    <section class={`error-block ${isRecovered ? "is-recovered" : ""}`} aria-label={text("error")}>
      <div class="error-head">
        <Icon name="error" />
        <strong>{error.type ?? text(isRecovered ? "errorRecovered" : "error")}</strong>
        {error.type !== undefined && isRecovered && <span class="dim">{text("errorRecovered")}</span>}
        <span class="space" />
        <IconButton
          icon="copy"
          label={text("copyError")}
          onClick={() => panel.connection.post({ type: "copy", ...reference, field: "error" })}
        />
      </div>
      <TextWell
        panel={panel}
        address={{ ...reference, field: "message" }}
        first={error.message}
        label={text("error")}
        isWrapped
        class="error-message"
      />
      {error.stack !== undefined && (
        <details class="stack" open>
          <summary>{text("stack")}</summary>
          <TextWell
            panel={panel}
            address={{ ...reference, field: "stack" }}
            first={error.stack}
            label={text("stack")}
            isWrapped={panel.settings.wrapText}
          />
        </details>
      )}
    </section>
  );
}

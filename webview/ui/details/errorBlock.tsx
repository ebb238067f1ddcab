// The error of a step, first and in full: its type, its message, its stack.

import type { DetailsError } from "../../../src/trace/spanDetails";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { IconButton } from "../iconButton";

export function ErrorBlock(props: { error: DetailsError; isRecovered: boolean; onCopy: () => void }) {
  const { error, isRecovered } = props;
  return (
    <section class={`error-block ${isRecovered ? "is-recovered" : ""}`} aria-label={text("error")}>
      <div class="error-head">
        <Icon name="error" />
        <strong>{error.type ?? text(isRecovered ? "errorRecovered" : "error")}</strong>
        {error.type !== undefined && isRecovered && <span class="dim">{text("errorRecovered")}</span>}
        <span class="space" />
        <IconButton icon="copy" label={text("copyError")} onClick={props.onCopy} />
      </div>
      <pre class="error-message">{error.message}</pre>
      {error.message.length < error.totalLength && (
        <p class="cut-mark">{text("firstOf", formatInteger(error.message.length), formatInteger(error.totalLength))}</p>
      )}
      {error.stack !== undefined && (
        <details class="stack" open>
          <summary>{text("stack")}</summary>
          <pre>{error.stack}</pre>
        </details>
      )}
    </section>
  );
}

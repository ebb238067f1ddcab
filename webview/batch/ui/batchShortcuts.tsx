// Every key of the page, those of the host included.

import type { BatchTextKey } from "../../../src/protocol/batchTexts";
import { text } from "../../text";
import { IconButton } from "../../ui/iconButton";
import { Popup } from "../../ui/popup";
import type { BatchPage } from "../model/batchPage";

type Line = readonly [keys: readonly string[], what: BatchTextKey];

function sections(isMac: boolean): readonly (readonly [BatchTextKey, readonly Line[]])[] {
  const command = isMac ? "⌘" : "Ctrl+";
  const open: readonly Line[] = [
    [["Enter"], "keyOpen"],
    [[`${command}Enter`], "keyOpenBeside"],
  ];
  return [
    [
      "keysList",
      [
        [["↑", "↓"], "keyRow"],
        [["←", "→"], "keyAttempt"],
        [["Home", "End"], "keyEnds"],
        [["PageUp", "PageDown"], "keyPage"],
        ...open,
      ],
    ],
    [
      "keysMatrix",
      [[["m"], "matrixLabel"], [["←", "→", "↑", "↓"], "keyCells"], [["+", "−", "0"], "keyZoomCells"], ...open],
    ],
    [
      "keysOther",
      [
        [["F8", "Shift+F8"], "keyNextFailed"],
        [["f"], "keyFailedOnly"],
        [["/", `${command}F`], "keyFilter"],
        [["Esc"], "keyBack"],
        [["?"], "shortcuts"],
      ],
    ],
  ];
}

export function BatchShortcuts({ page }: { page: BatchPage }) {
  const close = () => {
    page.setPopup("none");
    page.focus("list");
  };
  return (
    <div class="sheet-ground">
      <Popup label={text("shortcuts")} role="dialog" class="sheet" onClose={close}>
        <div class="sheet-head">
          <h2>{text("shortcuts")}</h2>
          <IconButton icon="close" label={text("close")} onClick={close} />
        </div>
        <div class="sheet-sections">
          {sections(page.platform === "mac").map(([heading, lines]) => (
            <section key={heading}>
              <h3>{text(heading)}</h3>
              <dl>
                {lines.map(([keys, what]) => (
                  <div key={what} class="sheet-line">
                    <dt>
                      {keys.map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dt>
                    <dd>{text(what)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </Popup>
    </div>
  );
}

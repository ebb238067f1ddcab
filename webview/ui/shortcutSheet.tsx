// Every key of the panel, those of the host included.

import type { WebviewTextKey } from "../../src/protocol/webviewTexts";
import type { Panel } from "../model/panel";
import { text } from "../text";
import { IconButton } from "./iconButton";
import { Popup } from "./popup";

type Line = readonly [keys: readonly string[], what: WebviewTextKey];

function sections(isMac: boolean): readonly (readonly [WebviewTextKey, readonly Line[]])[] {
  const command = isMac ? "⌘" : "Ctrl+";
  const alt = isMac ? "⌥⌘" : "Alt+";
  return [
    [
      "keysFailures",
      [
        [["F8"], "nextFailure"],
        [["Shift+F8"], "previousFailure"],
        [["Alt+F8", "Shift+Alt+F8"], "keyAllFailures"],
        [["F12"], "goToSource"],
      ],
    ],
    [
      "keysTree",
      [
        [["↑", "↓"], "keyMove"],
        [["→"], "keyExpand"],
        [["←"], "keyCollapse"],
        [["*"], "expandSiblings"],
        [["Home", "End"], "keyEnds"],
        [["PageUp", "PageDown"], "keyPage"],
        [["Enter"], "keyDetails"],
        [["o", "Shift+O"], "keyLoops"],
        [["Esc"], "keyBack"],
      ],
    ],
    [
      "keysSearch",
      [
        [["/", `${command}F`], "searchLabel"],
        [isMac ? ["Enter", "⌘G"] : ["Enter", "F3"], "nextMatch"],
        [isMac ? ["Shift+Enter", "⇧⌘G"] : ["Shift+Enter", "Shift+F3"], "previousMatch"],
        [[`${alt}C`], "matchCase"],
        [[`${alt}W`], "wholeWord"],
        [[`${alt}R`], "regex"],
      ],
    ],
    [
      "keysTime",
      [
        [["+", "−"], "keyZoom"],
        [["←", "→"], "keyPan"],
        [["0"], "showAllTime"],
      ],
    ],
    [
      "keysTimeline",
      [
        [["l"], "keyOpenTimeline"],
        [["←", "→"], "keyLaneStep"],
        [["↑", "↓"], "keyLane"],
        [["Home", "End"], "keyLaneEnds"],
        [["Enter"], "keyLaneSelect"],
        [["Shift+←", "Shift+→"], "keyLanePan"],
        [["+", "−", "0"], "keyZoom"],
        [["b", "Shift+B"], "keyBurst"],
        [["r"], "keyRange"],
        [["t"], "keyTimelineText"],
        [["g", "c"], "keyTimelineModes"],
        [["Esc"], "keyTimelineClear"],
      ],
    ],
    [
      "keysOutput",
      [
        [["F8"], "keyFailingLine"],
        [["↑", "↓"], "keyLine"],
        [["Home", "End"], "keyFirstLast"],
        [["Enter"], "keyOpenLink"],
        [[`${command}C`], "keyCopyLines"],
      ],
    ],
    [
      "details",
      [
        [["←", "→"], "keyTab"],
        [["↑", "↓"], "keyTextLinks"],
        [["Enter"], "keyOpenLink"],
        [["→", "←"], "keyValues"],
        [[`${command}C`], "keyCopyValue"],
      ],
    ],
    ["keysOther", [[["?"], "shortcuts"]]],
  ];
}

export function ShortcutSheet({ panel }: { panel: Panel }) {
  const close = () => {
    panel.setPopup("none");
    panel.focus("list");
  };
  return (
    <div class="sheet-ground">
      <Popup label={text("shortcuts")} role="dialog" class="sheet" onClose={close}>
        <div class="sheet-head">
          <h2>{text("shortcuts")}</h2>
          <IconButton icon="close" label={text("close")} onClick={close} />
        </div>
        <div class="sheet-sections">
          {sections(panel.platform === "mac").map(([heading, lines]) => (
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

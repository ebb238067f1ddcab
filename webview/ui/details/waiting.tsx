// A sign of waiting, after a moment.

import { useEffect, useState } from "preact/hooks";
import { text } from "../../text";
import { Icon } from "../icon";

/** Most answers come at once; a hint of waiting would only flicker. */
const waitingDelayMs = 150;

export function Waiting() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), waitingDelayMs);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? (
    <div class="details-none" aria-busy="true">
      <Icon name="loading" spin /> {text("loading")}
    </div>
  ) : (
    <div aria-busy="true" />
  );
}

// A button that is an icon. Its name is its tooltip and what screen readers say.

import type { Ref } from "preact";
import { Icon, type IconName } from "./icon";

export interface IconButtonProps {
  readonly icon: IconName;
  readonly label: string;
  /** The keys that do the same; in its tooltip. */
  readonly keys?: string | undefined;
  readonly onClick: (event: MouseEvent) => void;
  readonly pressed?: boolean | undefined;
  readonly expanded?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly class?: string | undefined;
  readonly buttonRef?: Ref<HTMLButtonElement> | undefined;
}

export function IconButton(props: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ""}`}
      title={props.keys === undefined ? props.label : `${props.label} (${props.keys})`}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-haspopup={props.expanded === undefined ? undefined : "true"}
      disabled={props.disabled}
      onClick={props.onClick}
      ref={props.buttonRef ?? null}
    >
      <Icon name={props.icon} />
    </button>
  );
}

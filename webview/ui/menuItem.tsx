// One line of a menu.

import { Icon, type IconName } from "./icon";

export interface MenuItemProps {
  readonly icon?: IconName;
  readonly label: string;
  readonly detail?: string;
  readonly checked?: boolean;
  readonly disabled?: boolean;
  readonly onRun: () => void;
}

export function MenuItem(props: MenuItemProps) {
  const isCheckable = props.checked !== undefined;
  return (
    <button
      type="button"
      class="menu-item"
      role={isCheckable ? "menuitemcheckbox" : "menuitem"}
      aria-checked={props.checked}
      aria-disabled={props.disabled === true ? true : undefined}
      onClick={() => {
        if (props.disabled !== true) props.onRun();
      }}
    >
      <span class="menu-check">
        {props.checked === true ? <Icon name="check" /> : props.icon !== undefined && <Icon name={props.icon} />}
      </span>
      <span class="menu-label">{props.label}</span>
      {props.detail !== undefined && <span class="menu-detail">{props.detail}</span>}
    </button>
  );
}

// A box over the page that closes by Escape, by a click elsewhere and when the focus leaves it; the focus goes back to
// where it came from.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface PopupProps {
  readonly label: string;
  readonly role: "dialog" | "menu";
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly style?: Record<string, string>;
}

export function Popup(props: PopupProps) {
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(props.onClose);
  close.current = props.onClose;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const cameFrom = document.activeElement;
    const first = element.querySelector<HTMLElement>(
      "[data-autofocus], button:not([disabled]), [href], input, [tabindex]",
    );
    (first ?? element).focus({ preventScroll: true });
    const onPointerDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !element.contains(event.target) && !isOpener(event.target)) close.current();
    };
    document.addEventListener("pointerdown", onPointerDown, true);
    return () => {
      document.removeEventListener("pointerdown", onPointerDown, true);
      const now = document.activeElement;
      // This runs before the box leaves the page, and what had the focus in it would take it along.
      const isLost = now === null || now === document.body || element.contains(now);
      if (isLost && cameFrom instanceof HTMLElement) cameFrom.focus({ preventScroll: true });
    };
  }, []);
  return (
    <div
      ref={box}
      class={`popup ${props.class ?? ""}`}
      role={props.role}
      aria-label={props.label}
      tabIndex={-1}
      style={props.style ?? {}}
      onKeyDown={(event) => onKeyDown(event, props, box.current)}
    >
      {props.children}
    </div>
  );
}

/** A press on the button that opened it is left to that button, which closes it. */
function isOpener(target: Node): boolean {
  const element = target instanceof Element ? target : target.parentElement;
  return element?.closest("[aria-expanded='true'][aria-haspopup]") != null;
}

function onKeyDown(event: KeyboardEvent, props: PopupProps, box: HTMLElement | null): void {
  if (event.key === "Escape") {
    event.stopPropagation();
    const opener = box?.parentElement?.querySelector<HTMLElement>("[aria-expanded='true']");
    props.onClose();
    opener?.focus();
    return;
  }
  if (props.role !== "menu" || box === null) return;
  const items = [...box.querySelectorAll<HTMLElement>("[role^='menuitem']:not([aria-disabled='true'])")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const next =
    event.key === "ArrowDown"
      ? at + 1
      : event.key === "ArrowUp"
        ? at - 1
        : event.key === "Home"
          ? 0
          : event.key === "End"
            ? -1
            : undefined;
  if (next === undefined) {
    if (event.key === "Tab") props.onClose();
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  items.at(next >= items.length ? 0 : next)?.focus();
}

// Arrow keys in a tree of elements with the role `treeitem`: each says in `data-open` whether it is open, a click toggles
// it, and what is below it stands in the group behind it.

const item = "[role='treeitem']";

export function treeKey(event: KeyboardEvent, tree: HTMLElement | null): void {
  if (tree === null || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const items = [...tree.querySelectorAll<HTMLElement>(item)];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const focused = items[at];
  if (focused === undefined) return;
  const open = focused.dataset["open"];
  let next: HTMLElement | null | undefined;
  switch (event.key) {
    case "ArrowDown":
      next = items[at + 1];
      break;
    case "ArrowUp":
      next = items[at - 1];
      break;
    case "Home":
      next = items[0];
      break;
    case "End":
      next = items.at(-1);
      break;
    case "ArrowRight":
      if (open === "no") focused.click();
      else if (open === "yes") next = focused.nextElementSibling?.querySelector<HTMLElement>(item);
      break;
    case "ArrowLeft":
      if (open === "yes") focused.click();
      else next = focused.closest("[role='group']")?.parentElement?.querySelector<HTMLElement>(item);
      break;
    case "Enter":
    case " ":
      if (open !== undefined) focused.click();
      // An entry that opens nothing itself may name something that can be opened.
      else focused.querySelector<HTMLElement>("[data-offset]")?.click();
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}

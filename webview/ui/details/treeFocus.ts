// Arrow keys in a tree of elements with the role `treeitem`: each may have a toggle, and says in `data-open` whether it is
// open.

export function treeKey(event: KeyboardEvent, tree: HTMLElement | null): void {
  if (tree === null || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const items = [...tree.querySelectorAll<HTMLElement>("[role='treeitem']")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const item = items[at];
  if (item === undefined) return;
  const toggle = () => item.querySelector<HTMLElement>(":scope > [data-toggle]")?.click();
  const open = item.dataset["open"];
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
      if (open === "no") toggle();
      else if (open === "yes") next = item.querySelector<HTMLElement>("[role='treeitem']");
      break;
    case "ArrowLeft":
      if (open === "yes") toggle();
      else next = item.parentElement?.closest<HTMLElement>("[role='treeitem']");
      break;
    case "Enter":
    case " ":
      if (open !== undefined) toggle();
      // An entry that opens nothing itself may name something that can be opened.
      else item.querySelector<HTMLElement>("[data-offset]")?.click();
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}

// A place in a file where room is short: the folders give way, the name of the file and its line stay. All of it on hover.

export interface PlaceTextProps {
  /** "/home/ann/shop/src/tax.ts:41:7" */
  readonly place: string;
  readonly class: string;
}

export function PlaceText({ place, class: className }: PlaceTextProps) {
  const { folder, file, position } = partsOfPlace(place);
  return (
    // Parts that are laid out side by side are words of their own to a screen reader, which would tear the place apart.
    <span class={`place-text ${className}`} title={place} role="img" aria-label={place}>
      {folder !== "" && <span class="place-folder">{folder}</span>}
      <span class="place-file">{file}</span>
      {position !== "" && <span class="place-position">{position}</span>}
    </span>
  );
}

/** The separator goes with the file; together the parts are the place. */
export function partsOfPlace(place: string): {
  readonly folder: string;
  readonly file: string;
  readonly position: string;
} {
  const path = place.replace(/(?::\d+){1,2}$/, "");
  const separator = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return {
    folder: path.slice(0, Math.max(0, separator)),
    file: path.slice(Math.max(0, separator)),
    position: place.slice(path.length),
  };
}

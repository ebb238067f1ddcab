// Parts of the page that are loaded when they are first wanted, or when the page has nothing better to do: what a person
// sees first does not wait for what she may open later.

import type { ComponentType } from "preact";
import { describeError } from "../../src/base/logger";
import type { Panel } from "../model/panel";

const loaders: (() => Promise<void>)[] = [];

/** A part in the place of which nothing is shown until it is here. */
export function onDemand<Props extends { readonly panel: Panel }>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => preact.JSX.Element | null {
  let Loaded: ComponentType<Props> | undefined;
  let loading: Promise<void> | undefined;
  const begin = () => {
    loading ??= load().then((part) => {
      Loaded = part;
    });
    return loading;
  };
  loaders.push(begin);
  return function Part(props: Props) {
    if (Loaded !== undefined) return <Loaded {...props} />;
    begin().then(
      () => props.panel.changed(),
      (error: unknown) => {
        // The next time that it is wanted is the next attempt.
        loading = undefined;
        props.panel.connection.log("error", `A part of the panel could not be loaded: ${describeError(error)}`);
      },
    );
    return null;
  };
}

/** Loads all of them, so that they are there when somebody wants them. */
export function loadParts(): void {
  for (const begin of loaders) begin().catch(() => undefined);
}

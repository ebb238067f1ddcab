// Tells the host what is selected, which "Go to Source" and other commands of the workbench act on; each news once.

import type { HostConnection } from "./hostConnection";
import type { OutputModel } from "./outputModel";
import type { Settings } from "./settings";
import type { Picture } from "./traceModel";

export interface Selected {
  readonly connection: Pick<HostConnection, "post">;
  readonly picture: Picture | undefined;
  readonly selectedRow: number;
  readonly settings: Settings;
  readonly output: OutputModel;
}

export class SelectedNews {
  #told = "";

  tell({ connection, picture, selectedRow, settings, output }: Selected): void {
    if (picture === undefined || selectedRow < 0) return;
    const isLine = settings.view === "output" && output.cursor >= 0;
    const told = {
      epoch: picture.epoch,
      row: selectedRow,
      ...(isLine ? { outputLine: output.cursor } : {}),
    };
    if (JSON.stringify(told) === this.#told) return;
    this.#told = JSON.stringify(told);
    connection.post({ type: "selected", ...told });
  }
}

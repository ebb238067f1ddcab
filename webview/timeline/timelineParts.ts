// The parts of one panel's timeline: they are made once, and tell when anything that the timeline alone shows has changed.

import type { Disposable } from "../../src/base/disposable";
import { Emitter } from "../../src/base/event";
import type { Panel } from "../model/panel";
import { DensityModel } from "./densityModel";
import { DurabilityModel } from "./durabilityModel";
import { RangeModel } from "./rangeModel";
import { TimelineControl } from "./timelineControl";
import { TimelineModel } from "./timelineModel";
import { TimelinePointer } from "./timelinePointer";

export class TimelineParts {
  readonly #changes = new Emitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly model: TimelineModel;
  readonly control: TimelineControl;
  readonly pointer: TimelinePointer;
  readonly ranges: RangeModel;
  readonly density: DensityModel;
  readonly durability: DurabilityModel;
  readonly #panel: Panel;
  /** Counts changes of the panel: what is drawn from it alone is drawn again with these only. */
  panelChanges = 0;

  constructor(panel: Panel) {
    this.#panel = panel;
    const changed = () => this.#changes.fire();
    this.model = new TimelineModel(panel, changed);
    this.control = new TimelineControl(panel, changed);
    this.pointer = new TimelinePointer(this.control);
    this.ranges = new RangeModel(panel, changed);
    this.density = new DensityModel(panel, changed);
    this.durability = new DurabilityModel(panel, changed);
  }

  /** Counts from here on. */
  follow(): Disposable {
    return this.#panel.onDidChange(() => {
      this.panelChanges++;
    });
  }
}

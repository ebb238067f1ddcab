import { describe, expect, it } from "vitest";
import { partsOfPlace } from "../../../webview/ui/placeText";

describe("a place in parts", () => {
  it.each([
    ["/home/ann/shop/tax.ts:41:7", ["/home/ann/shop", "/tax.ts", ":41:7"]],
    ["src/tax.ts:41", ["src", "/tax.ts", ":41"]],
    ["tax.ts:41", ["", "tax.ts", ":41"]],
    ["tax.ts", ["", "tax.ts", ""]],
    ["/tax.ts:4", ["", "/tax.ts", ":4"]],
    ["C:\\shop\\tax.ts:41", ["C:\\shop", "\\tax.ts", ":41"]],
    ["/home/ann/12:30/notes:7", ["/home/ann/12:30", "/notes", ":7"]],
    ["", ["", "", ""]],
  ])("%j", (place, parts) => {
    const { folder, file, position } = partsOfPlace(place);
    expect([folder, file, position]).toEqual(parts);
    expect(folder + file + position).toBe(place);
  });
});

// The playbook by which a person triggers a batch.
import { expect, it } from "vitest";
import { isTriggerPlaybook, triggerPlaybook } from "../../../src/session/batch/triggerPlaybook";
import { resolveParameters } from "../../../src/session/playbook/parameters";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";

it("is sound, takes what the person chose as parameters, and finds its items beside it", () => {
  const path = "/home/ann/shop/batch.playbook.yaml";
  const { playbook, problems } = parsePlaybook(triggerPlaybook(7), path);
  expect(problems).toEqual([]);
  const given = { task: '"{x}": # resize', name: "night ly" };
  const paths = { given: (each: string) => each, default: (each: string) => `/home/ann/shop/${each}` };
  expect(resolveParameters(playbook?.params ?? [], given, paths)).toEqual({
    values: { ...given, items: "/home/ann/shop/items.ndjson" },
    errors: [],
  });
  expect(playbook?.steps).toMatchObject([{ action: "batch", with: { task: "{task}", concurrency: 7 } }]);
});

it.each([
  ["/home/ann/shop/.tracekeeper/traces/batches/triggered/0a1b2c/batch.playbook.yaml", true],
  ["C:\\shop\\.tracekeeper\\traces\\batches\\triggered\\0a1b2c\\batch.playbook.yaml", true],
  ["/home/ann/shop/batch.playbook.yaml", false],
  ["batch.playbook.yaml", false],
])("is known by where it lies: %s", (path, expected) => {
  expect(isTriggerPlaybook(path)).toBe(expected);
});

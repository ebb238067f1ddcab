import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { actions } from "../../../src/session/actions/actions";
import { playbookJsonSchema } from "../../../src/session/playbook/jsonSchema";
import { playbookField, playbookFields } from "../../../src/session/playbook/playbookFields";
import { playbookSchema } from "../../../src/session/playbook/playbookSchema";
import { keysAt } from "../../../src/session/playbook/schemaKeys";

describe("the JSON schema of playbooks", () => {
  it("is the one that is shipped: `npm run schema` writes it anew", () => {
    const shipped = readFileSync(join(import.meta.dirname, "../../../media/playbook.schema.json"), "utf8");
    expect(JSON.parse(shipped)).toEqual(JSON.parse(JSON.stringify(playbookJsonSchema())));
  });

  it("describes every field, and no field that is not there", () => {
    const places: (string | number)[][] = [
      [],
      ["params", "x"],
      ["guardrails"],
      ["guardrails", "repeats"],
      ["guardrails", "cycle"],
      ["guardrails", "failure_cluster"],
      ["guardrails", "budget"],
      ["steps", 0],
      ["steps", 0, "expect"],
      ["steps", 0, "expect", "json"],
      ["steps", 0, "retries"],
      ["steps", 0, "recover"],
    ];
    const fields = places.flatMap((place) => keysAt(playbookSchema, place).map((key) => [...place, key]));
    expect(fields.filter((field) => playbookField(field) === undefined)).toEqual([]);
    expect(fields).toHaveLength(Object.keys(playbookFields).filter((key) => !key.endsWith("*")).length);
    for (const { schema, describe: words } of Object.values(actions))
      expect(Object.keys(words).filter((key) => !key.includes("."))).toEqual(Object.keys(schema.def.shape));
  });

  it("knows the fields of each action below `with`", () => {
    const schema = JSON.stringify(playbookJsonSchema());
    for (const name of ["run", "http", "model", "playbook", "batch"]) expect(schema).toContain(`{"const":"${name}"}`);
  });
});

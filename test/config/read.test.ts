import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { read } from "../../src/config/read.js";
import { PipelineFile, ProjectFile } from "../../src/config/schema.js";
import { type SchemaNode, schemaNode } from "../../src/config/schema-node.js";
import { SourceFile } from "../../src/config/source-file.js";
import { parseTree, type Tree } from "../../src/config/tree.js";
import { CsvSourceOptions } from "../../src/connectors/csv/options.js";
import type { Problem } from "../../src/model/problem.js";

function treeOf(text: string): Tree {
  const problems: Problem[] = [];
  const tree = parseTree(new SourceFile("/x.yaml", "x.yaml", text), problems);
  expect(problems).toEqual([]);
  return tree as Tree;
}

function readText(text: string, schema: SchemaNode): { value: unknown; messages: string[] } {
  const problems: Problem[] = [];
  const value = read(treeOf(text), schema, { problems, keepPaths: true });
  return { value, messages: problems.map(({ code, message, hint }) => `${code} ${message}${hint === undefined ? "" : ` (${hint})`}`) };
}

/** Values near what a schema takes: right ones, misspelt keys, wrong kinds. Numbers are left out: a file's `5` is also the text 5. */
function near(schema: SchemaNode, depth = 0): fc.Arbitrary<unknown> {
  const noise = fc.constantFrom<unknown>("text", "", null, [], {}, ["text"], { use: {} });
  if (depth > 5) return noise;
  const options: fc.Arbitrary<unknown>[] = [];
  if (schema.enum !== undefined) options.push(fc.constantFrom(...schema.enum));
  if (schema.type === "integer") options.push(fc.constant(1));
  if (schema.type === "boolean") options.push(fc.boolean());
  if (schema.template === true) return fc.constantFrom<unknown>("text", "${金额}");
  for (const branch of schema.anyOf ?? []) options.push(near(branch, depth + 1));
  // Any word is wrong where a pattern asks for a certain form, and a value that is never right proves nothing.
  const words = schema.pattern === undefined ? ["text", "2d", "科目", "5%"] : ["text"];
  if (schema.type === "string") options.push(fc.constantFrom<unknown>(...words, ...(schema.examples ?? [])));
  if (schema.type === "array") options.push(fc.array(near(schema.items ?? {}, depth + 1), { maxLength: 2 }));
  if (schema.type === "object") {
    const properties = Object.entries(schema.properties ?? {}).map(([key, described]) => [key, near(described, depth + 1)] as const);
    const [inner] = Object.values(schema.patternProperties ?? {});
    const extra = fc.dictionary(fc.constantFrom("名称", "a b", "extra"), inner === undefined ? noise : near(inner, depth + 1), {
      maxKeys: inner === undefined ? 0 : 2,
    });
    const record = fc.record(Object.fromEntries(properties), {
      requiredKeys: (schema.required ?? []).filter((key) => schema.properties?.[key]?.default === undefined),
    });
    const misspelt = fc.oneof({ weight: 50, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.constant({ unbekannt: "x" }) });
    options.push(fc.tuple(record, extra, misspelt).map(([a, b, c]) => ({ ...a, ...b, ...c })));
  }
  if (options.length === 0) return noise;
  return fc.oneof({ weight: 100, arbitrary: fc.oneof(...options) }, { weight: 1, arbitrary: noise });
}

describe("reading as a schema says", () => {
  // Only text: what ajv calls a number is also readable as text here, so numbers would differ by intent.
  const schemas: [string, SchemaNode][] = [
    ["project", schemaNode(ProjectFile)],
    ["pipeline", schemaNode(PipelineFile)],
    ["csv options", schemaNode(CsvSourceOptions)],
  ];
  it.each(schemas)("accepts exactly what ajv accepts: %s", (_, schema) => {
    const ajv = new Ajv2020({ strict: false, useDefaults: true });
    const check = ajv.compile(schema);
    let valid = 0;
    fc.assert(
      fc.property(near(schema), (value) => {
        const { messages, value: result } = readText(stringify(value), schema);
        const expected = structuredClone(value);
        const accepted = check(expected);
        if (accepted) {
          valid += 1;
          expect(messages).toEqual([]);
          // Keys of open mappings that nobody described belong to another reader.
          if (!JSON.stringify(schema).includes('"additionalProperties":true')) expect(result).toEqual(expected);
        } else expect(messages).not.toEqual([]);
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(valid).toBeGreaterThan(5);
  });

  const union: SchemaNode = {
    type: "object",
    additionalProperties: false,
    required: ["missing"],
    properties: {
      missing: {
        anyOf: [
          { enum: ["quarantine", "stop"] },
          { type: "object", properties: { use: { type: "object" } }, required: ["use"], additionalProperties: false },
        ],
      },
      port: { type: "integer", minimum: 1 },
      code: { type: "string" },
    },
  };

  it.each([
    [
      "missing: stopp",
      ["CONFIG_WRONG_VALUE unknown value `stopp` for `missing`; expected one of `quarantine`, `stop` (did you mean `stop`?)"],
    ],
    ["missing: { us: {} }", ["CONFIG_UNKNOWN_KEY unknown key `us` (did you mean `use`?)"]],
    ["missing: [stop]", ["CONFIG_WRONG_VALUE `missing` is a list; expected one of `quarantine`, `stop` or a mapping with `use`"]],
    ["missing:", ["CONFIG_WRONG_VALUE `missing` is empty; expected one of `quarantine`, `stop` or a mapping with `use`"]],
    ["mising: stop", ["CONFIG_UNKNOWN_KEY unknown key `mising` (did you mean `missing`?)"]],
    ["missing: stop\nport: 0", ["CONFIG_WRONG_VALUE `port` is `0`; expected at least `1`"]],
    ["missing: stop\nport: 1.5", ["CONFIG_WRONG_VALUE `port` is `1.5`; expected a whole number"]],
    ["missing: stop\nport: http", ["CONFIG_WRONG_VALUE `port` is the text `http`; expected a whole number"]],
  ])("gives one problem for one mistake: %s", (text, messages) => {
    expect(readText(text, union).messages).toEqual(messages);
  });

  it("takes codes as they are written", () => {
    expect(readText("missing: stop\ncode: 00042", union).value).toEqual({ missing: "stop", code: "00042" });
    expect(readText("missing: stop\ncode: 0x1F", union).value).toEqual({ missing: "stop", code: "0x1F" });
    expect(readText("missing: stop\ncode: 1e3", union).value).toEqual({ missing: "stop", code: "1e3" });
  });

  it("refuses a schema it does not understand", () => {
    expect(() => readText("a: 1", { type: "object", oneOf: [] } as SchemaNode)).toThrow("bug: option schemas cannot use the keyword oneOf");
  });
});

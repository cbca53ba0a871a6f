import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderJsonSchemas } from "../../src/config/json-schemas.js";
import { renderConfigurationReference } from "../../src/config/reference.js";
import { connectors } from "../../src/connectors/index.js";
import { vault } from "./vault-connector.js";

const loaded = [...(await Promise.all([...connectors.values()].map((load) => load()))), vault];
const texts = renderJsonSchemas(loaded);
const ajv = new Ajv({ strict: false, allErrors: true });
const check = (name: string): ValidateFunction => ajv.compile(JSON.parse(texts.get(name) ?? "") as object);
const project = check("project.schema.json");
const pipeline = check("pipeline.schema.json");
const cases = check("test.schema.json");
const root = join(import.meta.dirname, "../..");
const yaml = (path: string): unknown => parse(readFileSync(join(root, path), "utf8"));

describe("the schemas for editors", () => {
  it("accept the example project and its pipelines", () => {
    project(yaml("pipelines/sync.yaml"));
    expect(project.errors).toBeNull();
    for (const name of readdirSync(join(root, "pipelines")).filter((each) => each.includes("-to-"))) {
      const fits = name.endsWith(".test.yaml") ? cases : pipeline;
      fits(yaml(`pipelines/${name}`));
      expect(fits.errors, name).toBeNull();
    }
  });

  it.each([
    "CONFIG_UNKNOWN_KEY",
    "CONFIG_UNKNOWN_KEY-source",
    "CONFIG_MISSING_KEY",
    "CONFIG_UNKNOWN_ENCODING",
    "CONFIG_WRONG_VALUE",
    "CONFIG_UNKNOWN_CONNECTOR-pipeline",
  ])("mark the mistake of fixtures/problems/%s", (name) =>
    expect(pipeline(yaml(`fixtures/problems/${name}/pipelines/expense.yaml`))).toBe(false),
  );

  it("offer each connector only its own options where it is named", () => {
    const connection = (options: object): boolean => project({ connections: { a: { connector: "vault", host: "h", ...options } } });
    expect(connection({ port: "${env.PORT}" })).toBe(true);
    expect(connection({ port: 80 })).toBe(true);
    expect(connection({ port: "80" })).toBe(false);
    expect(connection({ chart: "chart.csv" })).toBe(false);
    expect(project({ connections: { a: { connector: "vault" } } })).toBe(false);
    expect(project({ connections: { a: { connector: "none" } } })).toBe(false);
  });

  it("leave required keys to an include", () => {
    expect(pipeline({ pipeline: "a", include: "base.yaml" })).toBe(true);
    expect(pipeline({ pipeline: "a" })).toBe(false);
  });
});

describe("the configuration reference", () => {
  it("has a row for every option, with what it says", () => {
    const text = renderConfigurationReference(loaded);
    for (const row of [
      "| `store` | text or a mapping with `file` and `key` | `.sync/store.db` |",
      "| `connections.NAME.connector` | text | required |",
      "| `cursor.overlap` | text | `0` | how far before the watermark is read again | `2d` |",
      "| `lines[].debit` | text with `${…}` |",
      '| `"merge by"` | a list of texts |',
      "| `[].unique` | text | required |",
      "| `NAME.valid.from` | text | required |",
      "| `password` | text |  | how (secret) |  |",
      "| `port` | a whole number | `443` | port |  |",
    ])
      expect(text).toContain(row);
    for (const line of text.split("\n").filter((each) => each.startsWith("|")))
      expect(line.replaceAll("\\|", "").split("|").length).toBeOneOf([6, 7]);
  });

  it("describes every option", () => {
    const empty = renderConfigurationReference(loaded.filter((connector) => connector !== vault))
      .split("\n")
      .filter((line) => line.startsWith("| `") && line.replaceAll("\\|", "").split("|")[4]?.trim() === "");
    expect(empty).toEqual([]);
  });
});

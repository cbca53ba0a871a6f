import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Value } from "typebox/value";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { SourceCommon } from "../../src/config/schema.js";
import { CsvSourceOptions } from "../../src/connectors/csv/options.js";
import { FilesConnection } from "../../src/connectors/files/options.js";
import { connectors } from "../../src/connectors/index.js";
import { type Given, optionsOf } from "./csv-setup.js";
import { connectionOf, failureOn } from "./remote-setup.js";

interface Described {
  readonly properties: Record<string, { readonly description?: string; readonly examples?: readonly unknown[] }>;
}

describe.each(["csv", "fixed", "json", "singer", "xlsx", "xml"])("the options of %s", (name) => {
  test("are described with a sentence and an example each, and hide no key that every source has", async () => {
    const connector = await connectors.get(name)?.();
    const options = connector?.source?.options as unknown as Described;
    for (const schema of [connector?.connection as unknown as Described, options]) {
      expect(schema).toMatchObject({ additionalProperties: false });
      for (const [key, option] of Object.entries(schema.properties)) {
        expect(option.description, key).toMatch(/.{15,}/);
        expect(option.examples?.length, key).toBeGreaterThan(0);
      }
    }
    const common = Object.keys((SourceCommon as unknown as Described).properties);
    expect(Object.keys(options.properties).filter((key) => common.includes(key))).toEqual([]);
  });
});

test("every key of a server is described, and has an example", () => {
  const visit = (
    name: string,
    node: { readonly properties?: Described["properties"]; readonly description?: string; readonly examples?: readonly unknown[] },
  ): void => {
    expect(node.description, name).toMatch(/.{8,}/);
    if (node.properties === undefined) expect(node.examples?.length, name).toBeGreaterThan(0);
    for (const [key, inner] of Object.entries(node.properties ?? {})) visit(`${name}.${key}`, inner);
  };
  for (const [key, node] of Object.entries((FilesConnection as unknown as Described).properties)) visit(key, node);
});

test("the connections and sources of docs/file-places.md are what the options take", () => {
  const text = readFileSync(fileURLToPath(new URL("../../docs/file-places.md", import.meta.url)), "utf8");
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, block = ""]) => parse(block) as { connections?: object; source?: object },
  );
  const connections = blocks.flatMap((block) => Object.values(block.connections ?? {}) as { connector: string }[]);
  expect(connections.map((each) => Object.keys(each)[1])).toEqual(["sftp", "ftps", "s3", "https"]);
  for (const { connector: _, ...connection } of connections) connectionOf(connection);
  const sources = blocks.flatMap((block) => (block.source === undefined ? [] : [block.source as Given & { connection: string }]));
  expect(sources).toHaveLength(3);
  for (const { connection: _, ...source } of sources) optionsOf(Value.Default(CsvSourceOptions, source) as Given);
});

test("a connection names one place", async () => {
  const problem = await failureOn({ folder: "/srv", https: { url: "https://files.example.com" }, s3: { bucket: "b" } });
  expect(problem).toMatchObject({
    code: "CONFIG_WRONG_VALUE",
    message: "connection: files are in one place, and it names `folder` and `https` and `s3`",
  });
});

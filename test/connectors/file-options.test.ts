import { describe, expect, test } from "vitest";
import { SourceCommon } from "../../src/config/schema.js";
import { connectors } from "../../src/connectors/index.js";

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

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderProblems } from "../src/cli/render/problem.js";
import { loadWorkspace } from "../src/config/load.js";
import { connectors } from "../src/connectors/index.js";

/**
 * Every folder of fixtures/problems is the smallest project with one mistake (or, where the name says so, several), and
 * expected.txt is what is printed about it, byte for byte. `UPDATE=1` writes the files anew; read the difference.
 */
const GALLERY = join(import.meta.dirname, "../fixtures/problems");
const folders = readdirSync(GALLERY, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(GALLERY, entry.name, "sync.yaml")))
  .map((entry) => entry.name)
  .sort();

describe("fixtures/problems", () => {
  it("has a folder for every kind of mistake", () => expect(folders.length).toBeGreaterThanOrEqual(40));

  it.each(folders)("%s", async (name) => {
    const folder = join(GALLERY, name);
    const environmentFile = join(folder, "environment.txt");
    const environment = existsSync(environmentFile) ? readFileSync(environmentFile, "utf8").trim() : null;
    const { problems } = await loadWorkspace(join(folder, "sync.yaml"), { environment, env: {}, connectors });
    const printed = renderProblems(problems, { color: false });
    const expectedFile = join(folder, "expected.txt");
    if (process.env["UPDATE"] === "1") writeFileSync(expectedFile, printed);
    expect(printed).toBe(readFileSync(expectedFile, "utf8"));
    if (!/^[a-z]/.test(name)) {
      expect(problems.map((each) => each.code)).toEqual([name.split("-")[0]]);
      expect(problems[0]?.at[0]?.line ?? "whole file").toBeDefined();
    }
  });
});

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderProblems } from "../../src/cli/render/problem.js";
import { findProject } from "../../src/config/find-project.js";
import { loadProject } from "../../src/config/project.js";
import { aFolder, load, registry, told } from "./project-folder.js";

const VAULT = `project: demo
connections:
  erp:
    connector: vault
    host: test.example.com
    password: \${env.ERP_PASSWORD}
    tags: [a, b]
  books: { connector: ledger, file: books.db, chart: chart.csv }
environments:
  production:
    store: state/production.db
    connections:
      erp: { host: erp.example.com, port: "\${env.ERP_PORT}", password: "x-\${file:secrets/erp}", tags: [c] }
`;

describe("findProject", () => {
  it("looks in the folder, in its pipelines folder, then above", () => {
    const folder = aFolder();
    mkdirSync(join(folder, "a/b"), { recursive: true });
    expect(findProject(join(folder, "a/b"))).toBe(join(folder, "sync.yaml"));
    mkdirSync(join(folder, "a/pipelines"));
    writeFileSync(join(folder, "a/pipelines/sync.yaml"), "project: inner\n");
    expect(findProject(join(folder, "a/b"))).toBe(join(folder, "a/pipelines/sync.yaml"));
    expect(findProject("/")).toBeNull();
  });
});

describe("loadProject", () => {
  it("fills in defaults, makes paths absolute and lists pipelines by name", async () => {
    const folder = aFolder({ "pipelines/b.yaml": "x: 1", "pipelines/a.yaml": "x: 1", "pipelines/inner/c.yaml": "x: 1" });
    const { value } = await loadProject(join(folder, "sync.yaml"), { env: {}, connectors: registry });
    expect(value).toMatchObject({
      name: "demo",
      folder,
      environment: null,
      store: join(folder, ".sync/store.db"),
      timeZone: "Asia/Shanghai",
      language: "en",
      pipelineFiles: ["a", "b", "expense"].map((name) => join(folder, `pipelines/${name}.yaml`)),
    });
    expect(value?.connections.get("books")?.options).toMatchObject({ file: join(folder, "books.db"), chart: join(folder, "chart.csv") });
  });

  it("lays an environment over the project and fills in secrets", async () => {
    const folder = aFolder({ "sync.yaml": VAULT, "secrets/erp": "s3cret-from-file\n" });
    const { value, problems } = await loadProject(join(folder, "sync.yaml"), {
      environment: "production",
      env: { ERP_PORT: "8443" },
      connectors: registry,
    });
    expect(told(problems)).toEqual([]);
    expect(value?.store).toBe(join(folder, "state/production.db"));
    expect(value?.connections.get("erp")?.options).toEqual({
      host: "erp.example.com",
      port: 8443,
      password: "x-s3cret-from-file",
      tags: ["c"],
    });
    expect(value?.secrets).toEqual(["x-s3cret-from-file", "s3cret-from-file"]);
  });

  it("needs only the secrets of the environment in use, and knows every one of them", async () => {
    const folder = aFolder({ "sync.yaml": VAULT });
    const { value } = await loadProject(join(folder, "sync.yaml"), { env: { ERP_PASSWORD: "12345678" }, connectors: registry });
    expect(value?.connections.get("erp")?.options).toEqual({ host: "test.example.com", port: 443, password: "12345678", tags: ["a", "b"] });
    expect(value?.secrets).toEqual(["12345678"]);
    const { problems } = await loadProject(join(folder, "sync.yaml"), { environment: "production", env: {}, connectors: registry });
    expect(told(problems)).toEqual([
      "CONFIG_MISSING_SECRET sync.yaml:13:44 environment variable `ERP_PORT` is not set",
      "CONFIG_MISSING_SECRET sync.yaml:13:75 secret file `secrets/erp` cannot be read",
    ]);
  });

  it("never shows a secret that is written out", async () => {
    const folder = aFolder({
      "sync.yaml": `connections:
  a: { connector: vault, host: h, password: hunter2, colour: red }
  b: { connector: vault, host: h, pasword: hunter2-long, port: x }
  c: { connector: vault, password: hunter2-long, hosst: h }
`,
    });
    const { problems } = await load(folder);
    const text = renderProblems(problems, { color: false }) + JSON.stringify(problems);
    expect(text).not.toContain("hunter2");
    expect(told(problems).filter((each) => each.includes(" sync.yaml:"))).toEqual([
      "CONFIG_WRONG_VALUE sync.yaml:2:45 `password` is not usable; expected at least 8 characters",
      "CONFIG_UNKNOWN_KEY sync.yaml:2:54 unknown key `colour`",
      "CONFIG_WRONG_VALUE sync.yaml:3:64 `port` is the text `x`; expected a whole number",
      "CONFIG_UNKNOWN_KEY sync.yaml:3:35 unknown key `pasword`",
      "CONFIG_UNKNOWN_KEY sync.yaml:4:50 unknown key `hosst`",
    ]);
  });

  it("covers what looks like a secret in a file that is not YAML", async () => {
    const folder = aFolder({ "sync.yaml": "connections:\n  erp:\n    connector: vault\n    password: hunter2: more\n" });
    const { problems } = await load(folder);
    expect(told(problems)).toEqual([expect.stringMatching(/^CONFIG_YAML sync.yaml:4:15/)]);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it.each([
    [
      "connections: { erp: { connector: vault, host: '${vault.x}' } }",
      "CONFIG_WRONG_VALUE sync.yaml:1:48 `${vault.x}` means nothing in a connection; expected `${env.NAME}` or `${file:PATH}`",
    ],
    ["timeZone: Asia/Shangai", "CONFIG_WRONG_VALUE sync.yaml:1:11 unknown time zone `Asia/Shangai`; expected an IANA name"],
    [
      "connections: { a b: { connector: ledger } }",
      "CONFIG_WRONG_VALUE sync.yaml:1:16 `a b` is not a name; expected letters and digits, with `.`, `_` and `-` between them",
    ],
    ["pipelines: [none.yaml]", "CONFIG_MISSING_FILE sync.yaml:1:13 there is no pipeline file `none.yaml`"],
    ["- a", "CONFIG_WRONG_VALUE sync.yaml:1:1 the file is not a mapping; expected `key: value` lines"],
  ])("reports %s", async (text, message) => {
    const folder = aFolder({ "sync.yaml": `${text}\n` });
    const { problems } = await loadProject(join(folder, "sync.yaml"), { env: {}, connectors: registry });
    expect(told(problems)).toContain(message);
  });

  it("names an environment's connection that has nothing to change", async () => {
    const folder = aFolder({ "sync.yaml": VAULT.replace("      erp: {", "      epr: {") });
    const { problems } = await load(folder, { environment: "production", env: { ERP_PASSWORD: "12345678" } });
    expect(told(problems)[0]).toBe(
      "CONFIG_UNKNOWN_CONNECTION sync.yaml:13:7 environment `production` changes the connection `epr`, which does not exist",
    );
    expect(problems[0]?.hint).toBe("did you mean `erp`?");
  });

  it("says when there is no project file", async () => {
    const { problems } = await loadProject("/nowhere/sync.yaml", { env: {}, connectors: registry });
    expect(told(problems)).toEqual(["CONFIG_NO_PROJECT sync.yaml:: there is no project file here"]);
  });
});

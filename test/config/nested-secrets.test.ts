import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderProblems } from "../../src/cli/render/problem.js";
import { loadWorkspace } from "../../src/config/load.js";
import { connectors } from "../../src/connectors/index.js";

test.each([
  ["a misspelt key inside a mapping", "auth: { basic: { user: sync, pasword: hunter2hunter2 } }"],
  ["a mapping that is not known at all", "autth: { basic: { user: sync, password: hunter2hunter2 } }"],
  ["a list where a mapping belongs", "auth: { basic: [hunter2hunter2] }"],
  ["a secret of the wrong kind beside it", "auth: { bearer: { token: hunter2hunter2, tokn: x } }"],
  ["a text from the environment where a mapping belongs", 'auth: { token: "${env.SECRET}" }'],
  ["a text from the environment where a number belongs", 'timeout: "${env.SECRET}"'],
  ["a text from the environment where one of a few words belongs", 'tls: "${env.SECRET}"'],
  ["a part from the environment", 'auth: { bearer: { token: ["x${env.SECRET}"] } }'],
])("the value of %s never reaches a message", async (_, line) => {
  const folder = mkdtempSync(join(tmpdir(), "sync-secret-"));
  writeFileSync(
    join(folder, "sync.yaml"),
    `store: s.db\nconnections:\n  erp:\n    connector: http\n    url: https://erp.example.com\n    ${line}\n`,
  );
  const { problems } = await loadWorkspace(join(folder, "sync.yaml"), { env: { SECRET: "hunter2hunter2" }, connectors });
  const text = renderProblems(problems, { color: false });
  expect(problems.length).toBeGreaterThan(0);
  expect(text).not.toContain("hunter2");
  expect(JSON.stringify(problems)).not.toContain("hunter2");
  rmSync(folder, { recursive: true });
});

test("what is written beside a misspelt connector never reaches a message", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sync-secret-"));
  writeFileSync(join(folder, "sync.yaml"), "connections:\n  erp: { connector: htpp, url: https://a.example, password: hunter2hunter2 }\n");
  const { problems } = await loadWorkspace(join(folder, "sync.yaml"), { env: {}, connectors });
  const text = renderProblems(problems, { color: false });
  expect(text).toContain("did you mean `http`?");
  expect(text).not.toContain("hunter2");
  rmSync(folder, { recursive: true });
});

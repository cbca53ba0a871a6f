import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderProblems } from "../../src/cli/render/problem.js";
import { loadProject } from "../../src/config/project.js";
import { aFolder, load, registry, told } from "./project-folder.js";

const project = (notify: string, more = ""): string => `project: demo
connections:
  books: { connector: ledger, file: books.db, chart: chart.csv }
notify:
${notify}
${more}`;

const MAIL = "{ channel: email, host: smtp.example.com, from: sync@example.com, to: [it@example.com] }";

async function problemsOf(notify: string, more = ""): Promise<string[]> {
  const { problems } = await load(aFolder({ "sync.yaml": project(notify, more) }), { env: { URL: "https://x.example.com/y" } });
  expect(JSON.stringify(problems)).not.toContain("hunter2");
  expect(renderProblems(problems, { color: false })).not.toContain("hunter2");
  return told(problems);
}

describe("notify", () => {
  test("gives channels with their options, defaults filled in and secrets known", async () => {
    const folder = aFolder({
      "sync.yaml": project(`  mail: ${MAIL}
  group: { channel: dingtalk, url: "\${env.URL}", secret: "\${file:secrets/robot}", on: [failed, in doubt], pipelines: [expense], language: zh, details: keys }`),
      "secrets/robot": "SEC-from-file\n",
    });
    const { value, problems } = await loadProject(join(folder, "sync.yaml"), {
      env: { URL: "https://x.example.com/y" },
      connectors: registry,
    });
    expect(told(problems)).toEqual([]);
    expect(value?.notify.problems).toEqual([]);
    expect(value?.notify.channels).toMatchObject([
      {
        name: "mail",
        settings: { kind: "email", options: { host: "smtp.example.com", security: "starttls", insecure: false } },
        on: ["failed", "waiting", "in doubt", "recovered"],
        pipelines: null,
        language: "en",
        details: "counts",
      },
      {
        name: "group",
        settings: { kind: "dingtalk", options: { url: "https://x.example.com/y", secret: "SEC-from-file" } },
        on: ["failed", "in doubt"],
        pipelines: [{ name: "expense" }],
        language: "zh",
        details: "keys",
      },
    ]);
    expect(value?.secrets).toEqual(expect.arrayContaining(["https://x.example.com/y", "SEC-from-file"]));
  });

  test("can be another in each environment", async () => {
    const folder = aFolder({
      "sync.yaml": project(
        `  mail: ${MAIL}`,
        "environments: { uat: { notify: { mail: { to: [test@example.com] }, more: { channel: wecom, url: x } } } }",
      ),
    });
    const { value } = await loadProject(join(folder, "sync.yaml"), { environment: "uat", env: {}, connectors: registry });
    expect(value?.notify.channels).toMatchObject([{ name: "mail", settings: { options: { to: ["test@example.com"] } } }, { name: "more" }]);
  });

  test.each([
    ["an unknown kind", "  a: { channel: dingtlk, url: hunter2 }", /CONFIG_WRONG_VALUE sync.yaml:5:.*no channel is called `dingtlk`/],
    ["no kind", "  a: { url: hunter2 }", /CONFIG_MISSING_KEY sync.yaml:5:.*key `channel` is missing/],
    ["no mapping", "  a: hunter2hunter2", /CONFIG_WRONG_VALUE sync.yaml:5:.*channel `a` is no mapping/],
    ["a misspelt secret", "  a: { channel: dingtalk, url: hunter2, secrt: hunter2 }", /unknown key `secrt`/],
    ["a missing option", "  a: { channel: email, host: x, from: y }", /CONFIG_MISSING_KEY .*key `to` is missing/],
    ["an unknown event", `  a: { channel: wecom, url: "\${env.URL}", on: [failure] }`, /unknown value `failure`/],
    ["a variable that is not set", `  a: { channel: wecom, url: "\${env.NOPE}" }`, /CONFIG_MISSING_SECRET .*`NOPE` is not set/],
    ["a pipeline that there is not", `  a: { channel: wecom, url: "\${env.URL}", pipelines: [expence] }`, /CONFIG_NO_PIPELINE .*`expence`/],
  ])("says what is wrong with %s", async (_, notify, about) => {
    expect(await problemsOf(notify)).toEqual([expect.stringMatching(about)]);
  });

  test("that is wrong leaves the project as it is", async () => {
    const folder = aFolder({ "sync.yaml": project(`  mail: ${MAIL}\n  a: { channel: nothing }`) });
    const { value, problems } = await loadProject(join(folder, "sync.yaml"), { env: {}, connectors: registry });
    expect(problems).toEqual([]);
    expect(value?.notify.channels.map(({ name }) => name)).toEqual(["mail"]);
    expect(value?.notify.problems).toHaveLength(1);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { readXlsx } from "hucre/xlsx";
import iconv from "iconv-lite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProgram } from "../../src/cli/program.js";
import { crashText } from "../../src/cli/render/crash.js";
import { Canaries } from "./canaries.js";
import { command, type Said } from "./in-process.js";

// One project with a secret wherever one can stand and people in a marked field, and servers that repeat in their refusals all that they were sent.
// Every command of the program is run on it, as text and as JSON, and everything that comes out is searched.

const NOW = new Date("2026-11-26T08:00:00.000Z");
/** Secrets as people have them: they hold what JSON, URLs and YAML write otherwise. */
const secrets = new Canaries("secret");
/** Alike in their first characters, and of every kind. */
const people = new Canaries("person");
const PERSON = { first: "欧阳铁柱", second: "欧阳淑芬", waits: "Wolfgang Amadé", account: "6222021001012345678" };

let folder: string;
let server: Server;
let heard = 0;
/** What was posted to the channel. */
const hooks: string[] = [];

beforeAll(async () => {
  people.add(...Object.values(PERSON));
  folder = mkdtempSync(join(tmpdir(), "sync-no-secrets-"));
  server = createServer((request, response) => void echo(request).then((body) => response.writeHead(statusOf(request)).end(body)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  expect((await sync("init")).code).toBe(0);
  writeProject(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  // A mistake in it would hide what is to be looked at.
  expect(await sync("validate")).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** All that was sent: its line, its headers, its body. */
async function echo(request: IncomingMessage): Promise<string> {
  heard += 1;
  let body = "";
  for await (const chunk of request) body += String(chunk);
  if (request.url?.startsWith("/hook") === true) hooks.push(body);
  const said = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`;
  const decoded = Object.values(request.headers).flatMap((each) => /^Basic (.*)$/.exec(String(each))?.[1] ?? []);
  const plain = decoded.map((each) => Buffer.from(each, "base64").toString()).join(" ");
  // The body first: what is long is cut.
  return JSON.stringify({
    message: `cannot take ${body.slice(0, 160)} ${decodeURIComponent(request.url ?? "").slice(0, 120)} ${plain} ${said}`,
  });
}

function statusOf({ url = "" }: IncomingMessage): number {
  return url.startsWith("/locked") || url.startsWith("/token") ? 401 : 400;
}

function writeProject(url: string): void {
  const quoted = (value: string): string => JSON.stringify(value);
  const pipeline = readFileSync(join(folder, "pipelines/expense-to-gl.yaml"), "utf8");
  const write = (name: string, change: (text: string) => string): void =>
    writeFileSync(join(folder, `pipelines/${name}.yaml`), change(pipeline).replace("pipeline: expense-to-gl", `pipeline: ${name}`));
  const exported = join(folder, "exports/expenses-2026-11-09.csv");
  const rows = iconv
    .decode(readFileSync(exported), "gb18030")
    .replaceAll("王小明", PERSON.first)
    .replaceAll("李芳", PERSON.second)
    .replaceAll("周强", PERSON.waits)
    .replaceAll("孙丽", PERSON.account)
    .replace("陈伟", PERSON.account);
  writeFileSync(exported, iconv.encode(`${rows}BX26110009,1,"${PERSON.first} not split\n`, "gb18030"));
  const target = `target:
  connection: erp
  post: { path: "/vouchers", body: { text: $.text, lines: { $each: $.lines, $item: $$.text } }, reference: $.number }
`;
  write("to-erp", (text) => text.replace(/target:[\s\S]*$/, target));
  write("to-locked", (text) => text.replace(/target:[\s\S]*$/, target.replace("connection: erp", "connection: locked")));
  write("from-erp", (text) =>
    text.replace(
      /source:[\s\S]*?key: \[单据编号, 行号\]/,
      "source:\n  connection: erp\n  request: { path: /claims }\n  records: $.items\n  pages: none\n  record: ../schemas/expense-line.schema.json\n  key: [单据编号, 行号]",
    ),
  );
  write("from-locked", (text) =>
    text.replace(
      /source:[\s\S]*?key: \[单据编号, 行号\]/,
      "source:\n  connection: token\n  request: { path: /claims }\n  records: $.items\n  pages: none\n  record: ../schemas/expense-line.schema.json\n  key: [单据编号, 行号]",
    ),
  );
  const connections = `connections:
  erp:
    connector: http
    url: ${url}
    auth: { api_key: { query: key, value: ${quoted(secrets.next())} } }
    headers: { X-Secret: ${quoted(secrets.next())} }
  locked:
    connector: http
    url: ${url}/locked
    auth: { basic: { user: sync, password: ${quoted(secrets.next())} } }
  token:
    connector: http
    url: ${url}
    auth:
      token:
        url: /token
        query: { app: ${quoted(secrets.next())} }
        body: { secret: ${quoted(secrets.next())} }
        token: $.token
        send: { header: Authorization }
`;
  const notify = `notify:
  hook:
    channel: webhook
    url: ${quoted(`${url}/hook/${encodeURIComponent(secrets.next())}`)}
    secret: ${quoted(secrets.next())}
    headers: { X-Hook: ${quoted(secrets.next())} }
    details: keys
`;
  const project = readFileSync(join(folder, "sync.yaml"), "utf8");
  writeFileSync(join(folder, "sync.yaml"), project.replace("connections:\n", connections) + notify);
}

function sync(...args: string[]): Promise<Said> {
  return command(folder, NOW, args);
}

/** A command line, or why there is none. `personal`: what it prints is asked for whole. */
type Line = { readonly args: readonly string[]; readonly personal?: true };
type Plan = readonly Line[] | string;

const line = (text: string): Line => ({ args: text.split(" ") });
const whole = (text: string): Line => ({ args: text.split(" "), personal: true });

/** Every command of the program; a new one must be put here. In an order in which there is something to show. */
const COMMANDS: Readonly<Record<string, Plan>> = {
  init: [line("init ignored/sample")],
  validate: [line("validate")],
  test: [line("test expense-to-gl")],
  plan: [
    line("plan expense-to-gl --no-pager --out gl.plan --html gl.html --xlsx gl.xlsx"),
    line("plan --from gl.plan --html from.html"),
    line("plan from-erp"),
    line("plan from-locked"),
    whole("plan expense-to-gl --no-pager --show-personal"),
  ],
  approve: [line("approve gl.plan")],
  apply: [line("apply gl.plan")],
  run: [line("run expense-to-gl --quiet"), line("run to-erp"), line("run to-locked"), line("run from-locked"), line("run from-erp")],
  "keys new": [line("keys new ignored-key")],
  reconcile: [line("reconcile expense-to-gl"), line("reconcile expense-to-gl --csv")],
  recover: [line("recover expense-to-gl")],
  resolve: [line("resolve BX26110001 --not-posted --reason looked --pipeline to-erp")],
  status: [line("status")],
  doctor: [line("doctor")],
  show: [line("show BX26110001 --why --pipeline expense-to-gl"), whole("show BX26110001 --show-personal --pipeline expense-to-gl")],
  "runs list": [line("runs list")],
  "runs show": [line("runs show last to-erp"), line("runs show last to-locked"), line("runs show last from-locked")],
  "quarantine list": [line("quarantine list"), line("quarantine list --by cause"), line("quarantine list --pipeline to-erp")],
  "quarantine show": [
    line("quarantine show BX26110006 --pipeline expense-to-gl"),
    line("quarantine show BX26110001 --pipeline to-erp"),
    line("quarantine show expenses-2026-11-09.csv:9 --pipeline expense-to-gl"),
    whole("quarantine show BX26110006 --show-personal --pipeline expense-to-gl"),
  ],
  "quarantine retry": [line("quarantine retry BX26110001 --pipeline to-erp")],
  "quarantine drop": [
    line("quarantine drop BX26110002 --reason why --pipeline to-erp"),
    line("quarantine drop --all --reason why --pipeline to-erp"),
  ],
  "state list": [line("state list")],
  "state show": [line("state show --pipeline expense-to-gl"), line("state show BX26110001 --pipeline expense-to-gl")],
  "state set": [line("state set forget expenses-2026-11-09.csv --pipeline to-erp")],
  "state export": [line("state export .sync/copy.db")],
  "state import": [line("state import .sync/copy.db --replace")],
  "state encrypt": [line("state encrypt")],
  "state decrypt": [line("state decrypt")],
  "secrets list": [line("secrets list")],
  "secrets set": "it takes the value from standard input, which no other command here has, and prints its name alone",
  "secrets remove": [line("secrets remove NAME")],
  "secrets re-encrypt": [line("secrets re-encrypt")],
  prune: [line("prune --dry-run"), line("prune")],
  metrics: [line("metrics")],
  "audit log": [line("audit log --limit 500")],
  "audit verify": [line("audit verify")],
  "audit export": [line("audit export"), line("audit export --out audit.jsonl")],
  "ledger balance": [line("ledger balance")],
  "ledger journal": [line("ledger journal"), whole("ledger journal --show-personal")],
  "ledger show": [line("ledger show BX26110001")],
  "ledger export": [whole("ledger export")],
  "schedule show": [line("schedule show")],
  "schedule print": [line("schedule print --cron")],
  watch: "it stays until it is stopped, and does what `run` does",
  "notify test": [line("notify test")],
  "connectors list": [line("connectors list")],
  "connectors check": [
    line("connectors check expense-to-gl"),
    line("connectors check from-erp"),
    line("connectors check locked"),
    line("connectors check token"),
    whole("connectors check expense-to-gl --show-personal"),
  ],
  explain: [line("explain"), line("explain TARGET_REJECTED")],
  sandbox: "it stays until it is stopped, opens no project, and its company is made up",
};

function leaves(command: Command, path: readonly string[] = []): { readonly name: string; readonly takesJson: boolean }[] {
  if (command.commands.length > 0) return command.commands.flatMap((each) => leaves(each, [...path, each.name()]));
  return [{ name: path.join(" "), takesJson: command.options.some(({ long }) => long === "--json") }];
}

const io = { out: () => undefined, err: () => undefined, outIsTerminal: false, errIsTerminal: false, columns: 80, rows: 24 };
const program = leaves(buildProgram({ io, cwd: ".", env: {}, now: () => NOW, actor: "li.na" }, "0.0.0", () => undefined));

test("every command is run here, or says why not", () => {
  expect(Object.keys(COMMANDS).sort()).toEqual(program.map(({ name }) => name).sort());
});

describe("what comes out of a project full of secrets and people", () => {
  test("no command shows a secret, and none a person that it was not asked for", async () => {
    for (const [name, plan] of Object.entries(COMMANDS)) {
      if (typeof plan === "string") continue;
      const takesJson = program.find((each) => each.name === name)?.takesJson === true;
      for (const [index, { args, personal }] of plan.entries()) {
        const isOnce = ["state set", "state export", "state import"].includes(name) || args.includes("--csv") || index > 1;
        for (const form of takesJson && !isOnce ? [[], ["--json"]] : [[]]) {
          const { out, err } = await sync(...args, ...form);
          const what = [...args, ...form].join(" ");
          secrets.expectNoneIn(what, out + err);
          if (personal === true) expect([what, people.foundIn(out)]).not.toEqual([what, null]);
          else people.expectNoneIn(what, out + err);
        }
      }
    }
    expect(heard).toBeGreaterThan(20);
  }, 300_000);

  test("no file that was written holds a secret, and only what is to hold people does", async () => {
    const mayHoldPeople = /^(exports|\.sync)\/|\.plan$/;
    const mayHoldSecrets = /^sync\.yaml$/;
    const seen = filesBelow(folder).filter((path) => !path.startsWith("ignored"));
    expect(seen.filter((path) => /\.(html|xlsx|plan|jsonl|db)$/.test(path)).length).toBeGreaterThan(4);
    for (const path of seen) {
      const bytes = readFileSync(join(folder, path));
      const text = path.endsWith(".xlsx") ? JSON.stringify((await readXlsx(bytes)).sheets.map(({ rows }) => rows)) : bytes.toString("utf8");
      if (!mayHoldSecrets.test(path)) secrets.expectNoneIn(path, text);
      if (!mayHoldPeople.test(path)) people.expectNoneIn(path, text);
    }
    // What is compared and applied must be whole.
    expect(people.foundIn(readFileSync(join(folder, "gl.plan"), "utf8"))).not.toBeNull();
  });

  test("what another system said of a person stays on the list without the person, and without what we signed in with", async () => {
    const { out } = await sync("quarantine", "list", "--pipeline", "to-erp");
    expect(out).toContain("cannot take");
    expect(out).toContain("BX26110001 欧**");
    expect(out).toContain("•••");
  });

  test("where the keys of documents are people, messages do not tell them, and commands take them", async () => {
    const path = join(folder, "pipelines/by-person.yaml");
    const pipeline = readFileSync(join(folder, "pipelines/to-erp.yaml"), "utf8").replace("pipeline: to-erp", "pipeline: by-person");
    writeFileSync(path, pipeline.replace("  key: ${单据编号}\n  when", "  key: ${报销人}\n  when"));
    hooks.length = 0;
    await sync("run", "by-person");
    expect(hooks.join("\n")).toContain("欧**");
    people.expectNoneIn("the message", hooks.join("\n"));
    expect((await sync("quarantine", "show", PERSON.first, "--pipeline", "by-person")).code).toBe(0);
  });

  test("a page tells two people apart who look alike", () => {
    const page = readFileSync(join(folder, "gl.html"), "utf8");
    expect(page).toContain("报销 BX26110001 欧**<");
    expect(page).toContain("报销 BX26110002 欧**#2<");
    expect(page).toContain("报销 BX26110003 **5678<");
  });
});

test("a crash tells its stack and nothing that hangs on the error", () => {
  const [secret = ""] = secrets.all;
  const cause = Object.assign(new Error(`connect https://sync:${encodeURIComponent(secret)}@erp.example.com failed`), { password: secret });
  const text = crashText(new Error(`cannot go on with ${secret}`, { cause }), secrets.all);
  expect(text).toMatch(/^Error: cannot go on with •••\n {4}at /);
  expect(text).toContain("caused by: Error: connect https://•••@erp.example.com failed");
  secrets.expectNoneIn("crash", text);
});

function filesBelow(root: string, path = ""): string[] {
  return readdirSync(join(root, path)).flatMap((name) => {
    const below = path === "" ? name : `${path}/${name}`;
    return statSync(join(root, below)).isDirectory() ? filesBelow(root, below) : [below];
  });
}

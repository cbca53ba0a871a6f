import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeAll, describe, expect, test } from "vitest";
import { loadAll } from "../../src/config/load.js";
import type { Pipeline, Project } from "../../src/config/pipeline.js";
import { loadProject } from "../../src/config/project.js";
import { connectors } from "../../src/connectors/index.js";
import { newKeyPair, readPrivateKey, signApproval } from "../../src/model/approval.js";
import { approvalLine } from "../../src/model/plan-file.js";
import { ProblemError } from "../../src/model/problem.js";
import { admitPlan } from "../../src/run/admit.js";
import { readPlan } from "../../src/run/read-plan.js";
import { Store } from "../../src/store/store.js";
import { Random } from "../sim/random.js";
import { emptyFolder, sync } from "./sync.js";

const EDITS = 500;

let folder: string;
let project: Project;
let pipeline: Pipeline;
/** The plan with the approval of `li.na`, and another plan of the same with one of its own. */
let good: string;
let other: string;

const path = (name: string): string => join(folder, name);
const below = (random: Random, bound: number): number => random.between(0, bound - 1);

beforeAll(async () => {
  folder = emptyFolder();
  sync(folder, "init");
  const { publicKey } = JSON.parse(sync(folder, "keys", "new", "li.na", "--json").out) as { publicKey: string };
  appendFileSync(path("sync.yaml"), `\napprovers:\n  li.na: { key: ${publicKey} }\n`);
  appendFileSync(path("pipelines/expense-to-gl.yaml"), "\napproval: { by: [li.na] }\n");
  for (const name of ["good", "other"]) {
    sync(folder, "plan", "--out", `${name}.plan`);
    expect(sync(folder, "approve", `${name}.plan`, "--key", "li.na.key").code).toBe(0);
  }
  [good, other] = ["good", "other"].map((name) => readFileSync(path(`${name}.plan`), "utf8")) as [string, string];
  const loaded = await loadProject(path("sync.yaml"), { env: {}, connectors });
  if (loaded.value === null) throw new Error("the project is sound");
  project = loaded.value;
  pipeline = (await loadAll(project, { connectors })).pipelines[0] as Pipeline;
});

/** The codes of what speaks against this text as a plan; empty where it would be applied. */
async function refusalOf(text: string | Buffer): Promise<readonly string[]> {
  writeFileSync(path("edited.plan"), text);
  const store = Store.open(project.store, { create: false, now: () => new Date() });
  try {
    await admitPlan(path("edited.plan"), { store, project, pipelineOf: async () => pipeline, now: new Date() });
    return [];
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    return cause.problems.map(({ code }) => code);
  } finally {
    store.close();
  }
}

/** Whoever owns the store's file can write into it. */
function rewriteHash(plan: string, hash: string): void {
  const db = new Database(project.store);
  expect(db.prepare("UPDATE plans SET hash = ? WHERE id = ?").run(hash, plan).changes).toBe(1);
  db.close();
}

/** The lines above the hash, the hash, and the approvals. */
function partsOf(text: string): { readonly body: readonly string[]; readonly approvals: readonly string[] } {
  const lines = text.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.startsWith('{"hash"'));
  return { body: lines.slice(0, at), approvals: lines.slice(at + 1) };
}

/** With the hash that such a body would have. */
function sealed(body: readonly string[], approvals: readonly string[]): string {
  const hash = createHash("sha256")
    .update(body.map((line) => `${line}\n`).join(""))
    .digest("hex");
  return [...body, JSON.stringify({ hash }), ...approvals, ""].join("\n");
}

type Edit = (random: Random) => string | Buffer;

/** What an attacker, a broken disk or a careless hand may do to the file. */
const EDITS_BY_NAME: readonly (readonly [string, Edit])[] = [
  [
    "one byte is another",
    (random) => {
      const bytes = Buffer.from(good);
      const at = below(random, bytes.length);
      bytes[at] = ((bytes[at] as number) + 1 + below(random, 255)) % 256;
      return bytes;
    },
  ],
  [
    "one byte is gone, or one too many",
    (random) => {
      const bytes = Buffer.from(good);
      const at = below(random, bytes.length);
      const more = below(random, 2) === 0 ? [] : [bytes.subarray(at, at + 1), Buffer.from([32 + below(random, 90)])];
      return Buffer.concat([bytes.subarray(0, at), ...more, bytes.subarray(at + 1)]);
    },
  ],
  [
    "an amount is another, and the hash is made to fit",
    (random) => {
      const { body, approvals } = partsOf(good);
      const amounts = [...body.join("\n").matchAll(/"amountMinor":"\d+"/g)];
      const chosen = amounts[below(random, amounts.length)] as RegExpExecArray;
      const text = body.join("\n");
      const edited = `${text.slice(0, chosen.index)}"amountMinor":"${1 + below(random, 1_000_000_000)}7"${text.slice(chosen.index + chosen[0].length)}`;
      return sealed(edited.split("\n"), approvals);
    },
  ],
  [
    "a line is gone, and the hash is made to fit",
    (random) => {
      const { body, approvals } = partsOf(good);
      const at = 1 + below(random, body.length - 2);
      return sealed([...body.slice(0, at), ...body.slice(at + 1)], approvals);
    },
  ],
  [
    "a line stands twice or elsewhere, and the hash is made to fit",
    (random) => {
      const { body, approvals } = partsOf(good);
      const from = 1 + below(random, body.length - 2);
      // Put where it is not now: twice in the file, or once and elsewhere.
      const isTwice = below(random, 2) === 0;
      const without = isTwice ? body : body.filter((_, index) => index !== from);
      const places = without.map((_, index) => index).filter((index) => index > 0 && (isTwice || index !== from));
      const to = places[below(random, places.length)] as number;
      return sealed([...without.slice(0, to), body[from] as string, ...without.slice(to)], approvals);
    },
  ],
  [
    "the approval is that of another plan",
    (random) => {
      const { body, approvals } = partsOf(good);
      const theirs = partsOf(other).approvals;
      return sealed(body, below(random, 2) === 0 ? theirs : [...approvals, ...theirs]);
    },
  ],
  [
    "the approval says something else",
    (random) => {
      const { body, approvals } = partsOf(good);
      const { approval } = JSON.parse(approvals[0] as string) as { approval: Record<string, string> };
      const [name, value] = (
        [
          ["by", "wang.qiang"],
          ["user", "boss"],
          ["host", "elsewhere"],
          ["at", new Date(Date.now() + below(random, 100_000_000)).toISOString()],
          ["reason", `because ${below(random, 1_000)}`],
        ] as const
      )[below(random, 5)] as readonly [string, string];
      return sealed(body, [JSON.stringify({ approval: { ...approval, [name]: value } })]);
    },
  ],
  [
    "the approval is signed with another key, or not at all",
    (random) => {
      const { body, approvals } = partsOf(good);
      const { approval } = JSON.parse(approvals[0] as string) as { approval: Parameters<typeof approvalLine>[0] };
      const forged = below(random, 2) === 0 ? { ...approval, signature: null } : signApproval(approval, foreign());
      return sealed(body, [approvalLine(forged).trimEnd()]);
    },
  ],
  ["the approval is gone", () => sealed(partsOf(good).body, [])],
  ["it ends too early", (random) => Buffer.from(good).subarray(0, below(random, Buffer.byteLength(good)))],
];

function foreign() {
  const found = readPrivateKey(newKeyPair(null).privateKey, null);
  if (found === null) throw new Error("a key that was just made can be read");
  return found.key;
}

describe("a saved plan that was edited", () => {
  test("as it was written and approved it may be applied", async () => {
    expect(await refusalOf(good)).toEqual([]);
    expect(await refusalOf(other)).toEqual([]);
  });

  test(`is refused, in each of ${EDITS} ways`, async () => {
    const random = new Random(20261126);
    const codes = new Map<string, number>();
    for (let edit = 0; edit < EDITS; edit += 1) {
      const [name, change] = EDITS_BY_NAME[edit % EDITS_BY_NAME.length] as (typeof EDITS_BY_NAME)[number];
      const edited = change(random);
      if (Buffer.from(edited).equals(Buffer.from(good))) throw new Error(`edit ${edit} (${name}) changed nothing`);
      const refused = await refusalOf(edited);
      expect(refused, `edit ${edit}: ${name}`).not.toEqual([]);
      for (const code of refused) {
        expect(code, `edit ${edit}: ${name}`).toMatch(/^PLAN_/);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    expect([...codes.keys()].sort()).toEqual(["PLAN_BROKEN", "PLAN_NOT_APPROVED", "PLAN_STALE"]);
  });

  test("is refused by its signature where the store was made to fit as well", async () => {
    const random = new Random(7);
    const original = await readPlan(path("good.plan"));
    for (const [name, change] of EDITS_BY_NAME.slice(2, 5)) {
      writeFileSync(path("edited.plan"), change(random));
      const { head, hash } = await readPlan(path("edited.plan"));
      expect(hash, name).not.toBe(original.hash);
      rewriteHash(head.id, hash);
      expect(await refusalOf(readFileSync(path("edited.plan"))), name).toEqual(["PLAN_NOT_APPROVED"]);
      rewriteHash(head.id, original.hash);
    }
    expect(await refusalOf(good)).toEqual([]);
  });
});

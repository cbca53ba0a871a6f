import { appendFileSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Project } from "../../config/pipeline.js";
import { isEncryptedKey, readPrivateKey, signApproval } from "../../model/approval.js";
import { approvalLine } from "../../model/plan-file.js";
import { ProblemError, problem } from "../../model/problem.js";
import { mayNotApprove, neededApprovals } from "../../run/approvals.js";
import { type ReadPlan, readPlan } from "../../run/read-plan.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderReadPlan } from "../render/saved-plan.js";
import { choosePipeline, openProject, openStore } from "../session.js";

interface ApproveOptions extends CommonOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly reason?: string;
}

/** Puts an approval behind a plan, signed with a key or vouched for by the operating-system user. */
export async function approve(context: CommandContext, options: ApproveOptions, file: string | undefined): Promise<number> {
  const { io } = context;
  const path = resolve(context.cwd, file ?? "");
  const plan = await readPlan(path);
  const project = await openProject(context, options);
  const pipeline = await choosePipeline(project, plan.head.pipeline);
  const signing = options.key === undefined ? null : signingKey(context, options.key, options.passphraseFile);
  const by = signing === null ? nameOfUser(project, context.actor) : nameOfKey(project, signing.publicKey);
  const { approval: policy } = pipeline;
  const refusal = mayNotApprove(by, plan, { policy, approvers: project.approvers });
  if (refusal !== null) throw new ProblemError(refusal);
  if (plan.approvals.some((each) => each.by === by))
    throw new ProblemError(problem("USAGE", `\`${by}\` approved this plan before`, [], "one approval of each person counts"));
  const at = context.now().toISOString();
  const said = { plan: plan.head.id, hash: plan.hash, by, user: context.actor, host: hostname(), at, reason: options.reason?.trim() ?? "" };
  const approval = signing === null ? { ...said, signature: null } : signApproval(said, signing.key);
  noteApproval(context, project, plan, approvalLine(approval), by, signing !== null, said.reason);
  appendFileSync(path, approvalLine(approval));
  const needed = policy === null ? 1 : neededApprovals(plan.totals, policy);
  const have = plan.approvals.length + 1;
  if (options.json === true) printJson(io, { approval, needed, have });
  else {
    io.out(renderReadPlan(plan, { color: options.color !== false && io.outIsTerminal, language: project.language }));
    io.out(
      `\napproved by ${by}${signing === null ? ", not signed: the operating-system user speaks for it" : ", signed with their key"}\n`,
    );
    io.out(
      have < needed
        ? `one more person must approve it: ${policy?.by.filter((each) => each !== by).join(", ")}\n`
        : `post it with: sync apply ${file}\n`,
    );
  }
  return EXIT.done;
}

/** An approval without a signature counts only together with the store's own note of it; a signed one may be given anywhere. */
function noteApproval(
  context: CommandContext,
  project: Project,
  { head, hash }: ReadPlan,
  line: string,
  by: string,
  signed: boolean,
  reason: string,
): void {
  const isHere = storeKnows(context, project, head.id, hash);
  if (!isHere && signed) return;
  const store = openStore(context, project, false);
  try {
    const known = store.plans.get(head.id);
    if (known === null || known.hash !== hash)
      throw new ProblemError(
        problem(
          "PLAN_STALE",
          "the plan was not made with this store, and nothing but the store can vouch for an approval without a key",
          [],
          "approve it where it was made, or with `--key`",
        ),
      );
    store.transaction(() => {
      if (!signed) store.plans.approve(head.id, line);
      const detail = { plan: head.id, hash, by, signed, reason };
      const at = context.now().toISOString();
      store.audit.append({ at, actor: context.actor, event: "plan approved", pipeline: head.pipeline, run: null, subject: null, detail });
    });
  } finally {
    store.close();
  }
}

function storeKnows(context: CommandContext, project: Project, id: string, hash: string): boolean {
  try {
    const store = openStore(context, project, false);
    try {
      return store.plans.get(id)?.hash === hash;
    } finally {
      store.close();
    }
  } catch (cause) {
    if (cause instanceof ProblemError) return false;
    throw cause;
  }
}

function signingKey(
  context: CommandContext,
  file: string,
  passphraseFile: string | undefined,
): NonNullable<ReturnType<typeof readPrivateKey>> {
  const pem = fileText(context, file, "the key");
  if (isEncryptedKey(pem) && passphraseFile === undefined)
    throw new ProblemError(
      problem("USAGE", `the key \`${file}\` has a passphrase`, [], "name the file that holds it with `--passphrase-file`"),
    );
  const passphrase = passphraseFile === undefined ? null : fileText(context, passphraseFile, "the passphrase").replace(/\r?\n$/, "");
  const found = readPrivateKey(pem, passphrase);
  if (found !== null) return found;
  const why = isEncryptedKey(pem) ? "the passphrase does not open it, or it is" : "it is";
  throw new ProblemError(problem("USAGE", `\`${file}\` is no key to sign with: ${why} no Ed25519 key`, [], "`sync keys new` makes one"));
}

function fileText(context: CommandContext, file: string, what: string): string {
  try {
    return readFileSync(resolve(context.cwd, file), "utf8");
  } catch (cause) {
    throw new ProblemError(problem("NOT_FOUND", `${what} \`${file}\` cannot be read: ${(cause as Error).message}`));
  }
}

function nameOfKey({ approvers }: Project, publicKey: string): string {
  const found = [...approvers.values()].find(({ key }) => key === publicKey);
  if (found !== undefined) return found.name;
  throw new ProblemError(
    problem(
      "PLAN_NOT_APPROVED",
      "this key belongs to no approver of the project",
      [],
      `put its public key under \`approvers\` of sync.yaml: ${publicKey}`,
    ),
  );
}

function nameOfUser({ approvers }: Project, actor: string): string {
  const found = [...approvers.values()].find(({ name, user }) => (user ?? name) === actor);
  if (found === undefined)
    throw new ProblemError(
      problem(
        "PLAN_NOT_APPROVED",
        `the user \`${actor}\` is no approver of the project`,
        [],
        "sign with `--key FILE`, or have the user put under `approvers` of sync.yaml",
      ),
    );
  if (found.key === null) return found.name;
  throw new ProblemError(
    problem("PLAN_NOT_APPROVED", `\`${found.name}\` has a key, and only a signature counts`, [], "sign with `--key FILE`"),
  );
}

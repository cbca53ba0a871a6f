import { createPublicKey } from "node:crypto";
import { type Problem, problem } from "../model/problem.js";
import { suggest } from "./nearest.js";
import type { ApprovalPolicy, Approver } from "./pipeline.js";
import type { PipelineFile, ProjectFile } from "./schema.js";
import { child, childScalar, type MapTree, placeOf, scalarsOf } from "./tree.js";

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The people who may approve, as `sync.yaml` names them. */
export function readApprovers(tree: MapTree, given: ProjectFile["approvers"], problems: Problem[]): ReadonlyMap<string, Approver> {
  const approvers = new Map<string, Approver>();
  for (const [name, { title = null, user = null, key = null }] of Object.entries(given ?? {})) {
    approvers.set(name, { name, title, user, key });
    const written = childScalar(child(child(tree, "approvers"), name), "key");
    if (key === null || written === undefined || isKey(key)) continue;
    const hint = "`sync keys new` makes a pair of keys and prints the public one";
    problems.push(problem("CONFIG_WRONG_VALUE", `the key of \`${name}\` is no public key for Ed25519`, placeOf(written), hint));
  }
  return approvers;
}

/** Who must approve what the pipeline posts; null where nobody has to. */
export function readApproval(
  tree: MapTree,
  given: PipelineFile["approval"],
  approvers: ReadonlyMap<string, Approver>,
  problems: Problem[],
): ApprovalPolicy | null {
  if (given === undefined) return null;
  const written = child(tree, "approval");
  for (const name of scalarsOf(child(written, "by"))) {
    if (approvers.has(name.text)) continue;
    const hint = suggest(name.text, [...approvers.keys()], "approvers") ?? "add it under `approvers` of sync.yaml";
    problems.push(problem("CONFIG_WRONG_VALUE", `\`${name.text}\` is no approver of this project`, placeOf(name), hint));
  }
  const amounts = child(written, "two_above");
  const currencies = Object.keys(given.two_above ?? {});
  return {
    by: given.by ?? [],
    authorMay: given.author === "may approve",
    // As it is written: a number with many digits is not read as a binary float.
    twoAbove: given.two_above === undefined ? null : new Map(currencies.map((each) => [each, childScalar(amounts, each)?.text ?? "0"])),
    holdsMs: holdsMs(given.holds ?? "24h"),
  };
}

function holdsMs(text: string): number {
  return Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS];
}

function isKey(key: string): boolean {
  try {
    return createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" }).asymmetricKeyType === "ed25519";
  } catch {
    return false;
  }
}

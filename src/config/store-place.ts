import { resolve } from "node:path";
import { type Problem, problem } from "../model/problem.js";
import { fillIn, type SecretSources } from "./fill-in.js";
import { child, childScalar, placeOf, type Tree } from "./tree.js";

const USUAL = ".sync/store.db";
/** Shorter ones can be guessed: the file can be tried as often as somebody likes. */
const LEAST_KEY = 16;

export interface ReadStore {
  readonly file: string;
  /** What it is encrypted with; null where it is not. */
  readonly key: string | null;
}

/** `store` of sync.yaml, or of an environment: a file, or a file with a key. `tree`: where it stands. */
export function readStorePlace(
  written: string | { readonly file?: string } | undefined,
  tree: Tree | undefined,
  folder: string,
  from: SecretSources,
  problems: Problem[],
): ReadStore {
  const file = resolve(folder, (typeof written === "string" ? written : written?.file) ?? USUAL);
  const scalar = tree === undefined ? undefined : childScalar(tree, "key");
  if (tree === undefined || scalar === undefined) return { file, key: null };
  const filled = fillIn(child(tree, "key") ?? tree, from, problems);
  if (filled.kind !== "scalar" || filled.isUnusable === true) return { file, key: null };
  if (filled.text.length >= LEAST_KEY) return { file, key: filled.text };
  problems.push(
    problem(
      "CONFIG_WRONG_VALUE",
      `the key of the store has fewer than ${LEAST_KEY} characters`,
      placeOf(scalar),
      "such as `openssl rand -hex 32` makes one; keep it where the store is not",
    ),
  );
  return { file, key: null };
}

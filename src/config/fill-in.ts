import { readFileSync } from "node:fs";
import { type Problem, problem } from "../model/problem.js";
import { suggest } from "./nearest.js";
import { resolveFrom } from "./source-file.js";
import { type MapTree, placeInText, type ScalarTree, type Tree } from "./tree.js";

/** `$${` stands for `${` itself. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

/** Where secrets come from. */
export interface SecretSources {
  readonly env: ProcessEnvironment;
  /** Every file that one is read from is added. */
  readonly files: Set<string>;
  /** Whether the project has a file of secrets, which could hold it too. One that could not be opened is a problem already. */
  readonly encrypted: "none" | "open" | "locked";
}

/**
 * The same tree with `${env.NAME}` and `${file:PATH}` filled in. A path starts at the folder of the file it is written in; a
 * final line break of its content is left out. What is missing becomes a problem at its place.
 */
export function fillIn(tree: Tree, from: SecretSources, problems: Problem[]): Tree {
  if (tree.kind === "list") return { ...tree, items: tree.items.map((item) => fillIn(item, from, problems)) };
  if (tree.kind === "map") return fillInMap(tree, from, problems);
  if (typeof tree.value !== "string" || !tree.text.includes("${")) return tree;
  const parts: string[] = [];
  let isUnusable = false;
  const text = tree.text.replace(REFERENCE, (whole, reference: string | undefined, offset: number) => {
    if (reference === undefined) return "${";
    const value = resolveReference(reference.trim(), tree, offset, offset + whole.length, from, problems);
    if (value === null) isUnusable = true;
    else parts.push(value);
    return value ?? "";
  });
  return { ...tree, value: text, text, filledIn: parts, isUnusable };
}

export function fillInMap(tree: MapTree, from: SecretSources, problems: Problem[]): MapTree {
  const entries = new Map([...tree.entries].map(([key, entry]) => [key, { ...entry, value: fillIn(entry.value, from, problems) }]));
  return { ...tree, entries };
}

function resolveReference(
  reference: string,
  tree: ScalarTree,
  start: number,
  end: number,
  { env, files, encrypted }: SecretSources,
  problems: Problem[],
): string | null {
  const at = placeInText(tree, start, end);
  if (reference.startsWith("env.")) {
    const name = reference.slice("env.".length);
    const value = env[name];
    if (value !== undefined) return value;
    if (encrypted === "locked") return null;
    problems.push(
      problem(
        "CONFIG_MISSING_SECRET",
        `environment variable \`${name}\` is not set`,
        at,
        encrypted === "open"
          ? `put it into the file of secrets with \`sync secrets set ${name}\`, or set it before the start`
          : `set \`${name}\` before the start, as in \`${name}=… sync run …\``,
      ),
    );
    return null;
  }
  if (reference.startsWith("file:")) {
    const path = reference.slice("file:".length).trim();
    try {
      const file = resolveFrom(tree.file, path);
      files.add(file);
      return readFileSync(file, "utf8").replace(/\r?\n$/, "");
    } catch {
      problems.push(
        problem(
          "CONFIG_MISSING_SECRET",
          `secret file \`${path}\` cannot be read`,
          at,
          `create it, readable by the user who runs sync; the path starts at the folder of \`${tree.file.name}\``,
        ),
      );
      return null;
    }
  }
  problems.push(
    problem(
      "CONFIG_WRONG_VALUE",
      `\`\${${reference}}\` means nothing in a connection; expected \`\${env.NAME}\` or \`\${file:PATH}\``,
      at,
      suggest(reference, ["env.", "file:"], "forms") ?? "write `$${` for a literal `${`",
    ),
  );
  return null;
}

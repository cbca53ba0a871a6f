import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { type Place, type Problem, problem } from "../model/problem.js";
import { type ScalarStyle, scalarOffsets } from "./scalar-offsets.js";
import type { SourceFile } from "./source-file.js";
import { explainYaml } from "./yaml-problems.js";

/**
 * What stands in a YAML or JSON file, with the place of everything. Aliases are followed; nodes that came in through
 * an include keep the file they were written in.
 */
export type Tree = ScalarTree | ListTree | MapTree;

interface Located {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
  /** The key under which it stands, which is the better place to show for a mapping or a list. */
  readonly label: { readonly start: number; readonly end: number } | null;
}

export interface ScalarTree extends Located {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** The text as it was written, so that `00042` stays `00042`; for quoted and block text the same as the value. */
  readonly text: string;
  readonly style: ScalarStyle;
  /** What was filled in from the environment or secret files; offsets into the text then mean nothing. */
  readonly filledIn?: readonly string[];
  /** Something that was to be filled in is missing, and a problem says so. */
  readonly isUnusable?: boolean;
}

export interface ListTree extends Located {
  readonly kind: "list";
  readonly items: readonly Tree[];
}

export interface MapTree extends Located {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: string;
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
  readonly value: Tree;
}

/** More nodes than this come only from aliases that multiply. */
const MAX_NODES = 50_000;
const MAX_DEPTH = 60;

/** The text as a tree, or null when it cannot be read; problems are added to the list. An empty file is an empty mapping. */
export function parseTree(file: SourceFile, problems: Problem[]): Tree | null {
  const document = parseDocument(file.text, { uniqueKeys: false, prettyErrors: false, keepSourceTokens: true, logLevel: "silent" });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    problems.push(explainYaml(file, fault));
    return null;
  }
  if (document.contents === null) return { kind: "map", entries: new Map(), file, start: 0, end: 0, label: null };
  const builder = new TreeBuilder(file, document, problems);
  try {
    return builder.build(document.contents, null, 0);
  } catch (error) {
    if (error instanceof TooLarge) {
      problems.push(problem("CONFIG_YAML", error.message, file.place(0, 0), "write the values out instead of using aliases"));
      return null;
    }
    throw error;
  }
}

class TooLarge extends Error {}

type Node = Scalar | YAMLMap | YAMLSeq | Alias;

class TreeBuilder {
  private nodes = 0;
  private readonly open = new Set<unknown>();

  constructor(
    private readonly file: SourceFile,
    private readonly document: Document,
    private readonly problems: Problem[],
  ) {}

  build(node: unknown, label: Located["label"], depth: number): Tree {
    this.nodes += 1;
    if (this.nodes > MAX_NODES) throw new TooLarge(`the file holds more than ${MAX_NODES} values once its aliases are followed`);
    if (depth > MAX_DEPTH) throw new TooLarge(`the file is nested more than ${MAX_DEPTH} levels deep`);
    if (isAlias(node)) return this.alias(node, label, depth);
    const [start, end] = (node as Node | null)?.range ?? [label?.end ?? 0, label?.end ?? 0];
    const located: Located = { file: this.file, start, end, label };
    if (isMap(node)) return { kind: "map", entries: this.entries(node, depth), ...located };
    if (isSeq(node)) return { kind: "list", items: node.items.map((item) => this.build(item, null, depth + 1)), ...located };
    return isScalar(node) ? this.scalar(node, located) : { kind: "scalar", value: null, text: "", style: "plain", ...located };
  }

  private scalar(node: Scalar, located: Located): ScalarTree {
    const style = styleOf(node);
    const written = node.value;
    // Whole numbers past 2^53 would lose digits as a number; nothing here needs them as anything but text.
    const value = typeof written === "bigint" ? String(written) : (written as string | number | boolean | null);
    const text = style === "plain" ? (node.source ?? String(value ?? "")) : String(value);
    return { kind: "scalar", value, text, style, ...located };
  }

  private alias(node: Alias, label: Located["label"], depth: number): Tree {
    const target = node.resolve(this.document);
    const [start, end] = node.range ?? [0, 0];
    if (target === undefined || this.open.has(target)) {
      const what = target === undefined ? "stands for nothing: no value is marked" : "stands inside the value it repeats, marked";
      this.problems.push(
        problem("CONFIG_YAML", `alias \`*${node.source}\` ${what} \`&${node.source}\``, this.file.place(start, end), "write the value out"),
      );
      return { kind: "scalar", value: null, text: "", style: "plain", file: this.file, start, end, label };
    }
    this.open.add(target);
    const tree = this.build(target, label, depth + 1);
    this.open.delete(target);
    return tree;
  }

  private entries(node: YAMLMap, depth: number): Map<string, Entry> {
    this.open.add(node);
    const entries = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (const pair of node.items as Pair[]) {
      const [start, end] = (pair.key as Node | null)?.range ?? node.range ?? [0, 0];
      if (!isScalar(pair.key)) {
        this.problems.push(
          problem(
            "CONFIG_YAML",
            "a key is a list, a mapping or an alias; expected text",
            this.file.place(start, end),
            "put quotes around a key that begins with `[`, `{` or `*`",
          ),
        );
        continue;
      }
      const plain = styleOf(pair.key) === "plain";
      const key = plain ? (pair.key.source ?? String(pair.key.value)) : String(pair.key.value);
      const value = this.build(pair.value, { start, end }, depth + 1);
      if (key === "<<" && plain) {
        for (const source of value.kind === "list" ? value.items : [value])
          if (source.kind === "map") merged.push(...source.entries.values());
        continue;
      }
      const first = entries.get(key);
      if (first !== undefined) {
        const before = this.file.place(first.start, first.end);
        this.problems.push(
          problem(
            "CONFIG_DUPLICATE_KEY",
            `\`${key}\` stands twice in one mapping, first on line ${before.line ?? 0}`,
            this.file.place(start, end),
            "keep one of the two",
          ),
        );
        continue;
      }
      entries.set(key, { key, file: this.file, start, end, value });
    }
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    this.open.delete(node);
    return entries;
  }
}

function styleOf(node: Scalar): ScalarStyle {
  switch (node.type) {
    case "QUOTE_DOUBLE":
      return "double";
    case "QUOTE_SINGLE":
      return "single";
    case "BLOCK_LITERAL":
      return "literal";
    case "BLOCK_FOLDED":
      return "folded";
    default:
      return "plain";
  }
}

/** Where to point for a whole value: a scalar itself, a mapping or list by its key. */
export function placeOf(tree: Tree): Place {
  if (tree.label !== null && (tree.kind !== "scalar" || tree.value === null)) return tree.file.place(tree.label.start, tree.label.end);
  const [first] = tree.kind === "map" ? tree.entries.values() : [];
  if (first !== undefined && first.file === tree.file) return keyPlace(first);
  return tree.file.place(tree.start, tree.kind === "scalar" ? tree.end : tree.start + 1);
}

/** Where the key of an entry stands. */
export function keyPlace(entry: Entry): Place {
  return entry.file.place(entry.start, entry.end);
}

/** The place of a range of a scalar's text, exact for every way of writing it. */
export function placeInText(tree: ScalarTree, start: number, end: number): Place {
  if (tree.filledIn !== undefined) return placeOf(tree);
  const offsets = scalarOffsets(tree.text, tree.file.text.slice(tree.start, tree.end), tree.style);
  const last = offsets.length - 1;
  const from = offsets[Math.min(start, last)] ?? 0;
  // The end of the last character, not the start of the next one, which may stand on another line.
  const to = end > start ? (offsets[Math.min(end - 1, last)] ?? from) + 1 : from;
  return tree.file.place(tree.start + from, tree.start + Math.max(to, from));
}

/** The value under a key of a mapping. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === "map" ? tree.entries.get(key)?.value : undefined;
}

export function childScalar(tree: Tree | undefined, key: string): ScalarTree | undefined {
  const found = child(tree, key);
  return found?.kind === "scalar" && found.value !== null ? found : undefined;
}

/** One text or a list of texts, as the scalars they are written as. */
export function scalarsOf(tree: Tree | undefined): ScalarTree[] {
  if (tree === undefined || tree.kind === "map") return [];
  return (tree.kind === "list" ? tree.items : [tree]).filter((item): item is ScalarTree => item.kind === "scalar" && item.value !== null);
}

/** The entries of `own`, and those of `base` that it does not give; mappings are merged, everything else is replaced. */
export function mergeTrees(own: MapTree, base: MapTree): MapTree {
  const entries = new Map(own.entries);
  for (const [key, entry] of base.entries) {
    const given = entries.get(key);
    if (given === undefined) entries.set(key, entry);
    else if (given.value.kind === "map" && entry.value.kind === "map")
      entries.set(key, { ...given, value: mergeTrees(given.value, entry.value) });
  }
  return { ...own, entries };
}

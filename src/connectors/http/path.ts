import { isList, isObject, type Json } from "./json.js";

/** One step into a value: a name, a position from 0, or every item of a list. */
export type Step = string | number | typeof EVERY;
export const EVERY = Symbol("every item");

/**
 * A place in a JSON value. `$` is the whole value and `$$` the item of a list that is being looked at; then come `.name`,
 * `["name with.dots"]`, `[0]` and `[*]`.
 */
export interface Path {
  readonly text: string;
  readonly from: "whole" | "item";
  readonly steps: readonly Step[];
}

const STEP = /\.([^\s.[\]{}"']+)|\[(?:"([^"]*)"|'([^']*)')\]|\[(\d{1,6})\]|(\[\*\])/y;

/** Null when the text is not a path. */
export function parsePath(text: string): Path | null {
  const root = /^\$\$?/.exec(text)?.[0];
  if (root === undefined) return null;
  const steps: Step[] = [];
  for (let at = root.length; at < text.length; ) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    if (match === null) return null;
    const [whole, name, quoted, single, position] = match;
    steps.push(name ?? quoted ?? single ?? (position === undefined ? EVERY : Number(position)));
    at += whole.length;
  }
  return { text, from: root === "$" ? "whole" : "item", steps };
}

/** A text that is meant as a path: `$`, `$.…`, `$[…`, and the same with `$$`. */
export function looksLikePath(text: string): boolean {
  return /^\$\$?($|[.[])/.test(text);
}

/** What an answer is asked for: the whole of it, and the item that is being looked at. */
export interface Looked {
  readonly whole: Json | undefined;
  readonly item?: Json | undefined;
}

/** The one value there, or undefined when there is none. A path with `[*]` gives the first. */
export function valueAt(path: Path, looked: Looked): Json | undefined {
  return valuesAt(path, looked)[0];
}

/** Every value there. */
export function valuesAt(path: Path, looked: Looked): readonly Json[] {
  const start = path.from === "whole" ? looked.whole : looked.item;
  let found: readonly Json[] = start === undefined ? [] : [start];
  for (const step of path.steps) found = found.flatMap((value) => within(value, step));
  return found;
}

function within(value: Json, step: Step): readonly Json[] {
  if (step === EVERY) return isList(value) ? value : [];
  const inner = typeof step === "number" ? (isList(value) ? value[step] : undefined) : isObject(value) ? value.get(step) : undefined;
  return inner === undefined ? [] : [inner];
}

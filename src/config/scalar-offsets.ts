/** How a scalar is written in YAML, which decides how its characters stand in the file. */
export type ScalarStyle = "plain" | "single" | "double" | "literal" | "folded";

/**
 * For each UTF-16 unit of a scalar's value the offset in `source` at which it is written, and one more for its end.
 * `source` begins at the scalar: at its quote, its block header, or its first character.
 */
export function scalarOffsets(value: string, source: string, style: ScalarStyle): number[] {
  if (style === "literal" || style === "folded") return blockOffsets(value, source);
  return flowOffsets(value, source, style);
}

/** Line breaks with the blanks around them, which are folded. */
const FOLD = /[ \t]*\r?\n(?:[ \t]*\r?\n)*[ \t]*/y;
/** A line break that a backslash takes away; blank lines after it still count. */
const CONTINUATION = /\\\r?\n((?:[ \t]*\r?\n)*)[ \t]*/y;
const ESCAPED_LENGTH: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function flowOffsets(value: string, source: string, style: "plain" | "single" | "double"): number[] {
  const offsets: number[] = [];
  let at = style === "plain" ? 0 : 1;
  const add = (units: number, length: number): void => {
    for (let i = 0; i < units; i += 1) offsets.push(at);
    at += length;
  };
  while (offsets.length < value.length && at < source.length) {
    const fold = matchAt(FOLD, source, at);
    const continuation = fold === null && style === "double" ? matchAt(CONTINUATION, source, at) : null;
    if (fold !== null) {
      const breaks = countBreaks(fold[0]);
      add(breaks === 1 ? 1 : breaks - 1, fold[0].length);
    } else if (continuation !== null) add(countBreaks(continuation[1] ?? ""), continuation[0].length);
    else if (style === "single" && source[at] === "'") add(1, 2);
    else if (style === "double" && source[at] === "\\") {
      const code = source[at + 1] ?? "";
      // `\U0001F600` is one character in two units: both stand at its escape.
      const units = code === "U" && isHighSurrogate(value, offsets.length) ? 2 : 1;
      add(units, 2 + (ESCAPED_LENGTH[code] ?? 0));
    } else add(1, 1);
  }
  while (offsets.length <= value.length) offsets.push(at);
  return offsets;
}

/**
 * Indentation and folding of block text only ever add or merge white space, so every other character is found by passing
 * over white space.
 */
function blockOffsets(value: string, source: string): number[] {
  const offsets: number[] = [];
  const headerEnd = source.indexOf("\n");
  let at = headerEnd === -1 ? source.length : headerEnd + 1;
  for (const unit of value.split("")) {
    const isBlankUnit = isBlank(unit);
    while (source[at] !== unit && isBlank(source[at] ?? "x") && !isBlankUnit) at += 1;
    offsets.push(at);
    if (source[at] === unit || isBlank(source[at] ?? "x")) at += 1;
  }
  offsets.push(at);
  return offsets;
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

function countBreaks(text: string): number {
  return text.split("\n").length - 1;
}

function isBlank(unit: string): boolean {
  return unit === " " || unit === "\n" || unit === "\r" || unit === "\t";
}

function isHighSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xd800 && code < 0xdc00;
}

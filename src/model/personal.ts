/** A part of a text as its template makes it: written there, or a value, which may show a field that the record schema marks as personal. */
export type TextPart = { readonly text: string } | { readonly personal: boolean };
/** The parts of a text in their order. */
export type TextShape = readonly TextPart[];

/** Of the texts of one line template, how each is made. Texts that are not given are left out. */
export interface LineTexts {
  /** Null where it is worked out: then any line may be of this template. */
  readonly account: string | null;
  /** Null: that of the document. */
  readonly text: TextShape | null;
  readonly partner: TextShape | null;
  readonly dimensions: Readonly<Record<string, TextShape>>;
  readonly fields: Readonly<Record<string, TextShape>>;
}

/** How the texts of a pipeline's documents are made, and so where in them personal fields can stand. */
export interface PersonalTexts {
  /** Keys of records, documents or members are made of a personal field. */
  readonly keys: boolean;
  readonly text: TextShape;
  readonly fields: Readonly<Record<string, TextShape>>;
  readonly lines: readonly LineTexts[];
}

export function isPersonalShape(shape: TextShape | null): boolean {
  return shape?.some((part) => "personal" in part && part.personal) === true;
}

/** False where no text of a document can show a personal field. */
export function hasPersonalTexts({ text, fields, lines }: PersonalTexts): boolean {
  const further = lines.flatMap((line) => [line.text, line.partner, ...Object.values(line.dimensions), ...Object.values(line.fields)]);
  return [text, ...Object.values(fields), ...further].some(isPersonalShape);
}

// ---------------------------------------------------------------- where it stands

/** From one offset up to another. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where a text may show personal values, in order and apart from each other. A text can often be read as its template in several ways, because
 * values hold anything: what is personal in one of them counts. A text of which no shape tells how it was made is personal as a whole, if any
 * of them has something personal.
 */
export function personalSpans(text: string, shapes: readonly TextShape[]): readonly Span[] {
  if (text === "" || !shapes.some(isPersonalShape)) return [];
  // What is written out in a template is no person's.
  if (shapes.some((shape) => shape.every((part) => "text" in part) && textOf(shape) === text)) return [];
  const read = shapes.map((shape) => spansOf(text, shape)).filter((spans) => spans !== null);
  return read.length === 0 ? [{ start: 0, end: text.length }] : joined(read.flat());
}

function textOf(shape: TextShape): string {
  return shape.map((part) => ("text" in part ? part.text : "")).join("");
}

/** Null where the text cannot be of this shape. */
function spansOf(text: string, shape: TextShape): readonly Span[] | null {
  const before = endings(text, shape);
  // Read from its end, the same text has the same parts the other way round.
  const after = endings(reversed(text), [...shape].reverse().map(reversedPart)).reverse();
  if (before.at(-1)?.[text.length] !== true) return null;
  return shape.flatMap((part, index) => {
    if ("text" in part || !part.personal) return [];
    const start = before[index]?.indexOf(true) ?? 0;
    const end = text.length - (after[index + 1]?.indexOf(true) ?? 0);
    return end > start ? [{ start, end }] : [];
  });
}

/** For each number of parts, from none to all: at which offsets they can end. */
function endings(text: string, shape: TextShape): boolean[][] {
  const first = new Array<boolean>(text.length + 1).fill(false);
  first[0] = true;
  const found = [first];
  for (const part of shape) {
    const from = found[found.length - 1] as boolean[];
    const to = new Array<boolean>(text.length + 1).fill(false);
    if ("text" in part) {
      for (let at = 0; at + part.text.length <= text.length; at += 1)
        if (from[at] === true && text.startsWith(part.text, at)) to[at + part.text.length] = true;
    } else {
      const earliest = from.indexOf(true);
      if (earliest !== -1) to.fill(true, earliest);
    }
    found.push(to);
  }
  return found;
}

function reversed(text: string): string {
  return text.split("").reverse().join("");
}

function reversedPart(part: TextPart): TextPart {
  return "text" in part ? { text: reversed(part.text) } : part;
}

/** In order, those that touch made one. */
function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || span.start > last.end) result.push(span);
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
  }
  return result;
}

// ---------------------------------------------------------------- how it is shown

/** So many digits make a number of an account, a card or a telephone; a birthday has fewer. */
const LONG_NUMBER = 10;
const SHOWN_DIGITS = 4;
const COVER = "**";
/** A number as people write it: digits with blanks or hyphens, perhaps with the letters of an IBAN before or a check letter behind. */
const NUMBER = /^[A-Za-z]{0,4}[\d \-*]+[A-Za-z]?$/;

/**
 * A personal value as it is shown: the first character and `**`, of a Chinese name the surname. Of a long number, such as that of a bank account,
 * the last four digits, which is what people compare. One character alone is not shown. The length of the value does not show.
 */
export function coveredValue(value: string): string {
  const plain = value.trim();
  if (plain === "") return value;
  if (NUMBER.test(plain) && plain.replace(/\D/g, "").length >= LONG_NUMBER)
    return COVER + plain.replace(/[^\dA-Za-z]/g, "").slice(-SHOWN_DIGITS);
  const [first = "", ...rest] = [...plain];
  return rest.length === 0 ? COVER : first + COVER;
}

/** So many people are told apart in one report; beyond that they only are by their first character. */
const MOST_PEOPLE = 200_000;

/** Covers the values of one report: the same value always in the same way, and another one that looks alike with a number: `张**`, `张**#2`. */
export class PersonalValues {
  private readonly numbers = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  cover(value: string): string {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    const plain = coveredValue(value);
    if (this.numbers.size >= MOST_PEOPLE) return plain;
    const n = (this.counts.get(plain) ?? 0) + 1;
    this.counts.set(plain, n);
    const shown = n === 1 ? plain : `${plain}#${n}`;
    this.numbers.set(value, shown);
    return shown;
  }
}

/** A text with what is personal in it covered. */
export function coveredText(text: string, shapes: readonly TextShape[], cover: (value: string) => string): string {
  let shown = "";
  let at = 0;
  for (const { start, end } of personalSpans(text, shapes)) {
    shown += text.slice(at, start) + cover(text.slice(start, end));
    at = end;
  }
  return shown + text.slice(at);
}

/** A shorter value stands in other words by chance. */
const SHORTEST_IN_WORDS = 2;
const CUT = "…";

/** Covers personal values in the words of another system, which may repeat what it was sent: also as they stand in JSON, in a URL and in Base64. */
export function coveredWords(words: string, values: Iterable<string>): string {
  const forms = new Map<string, string>();
  for (const value of values) {
    const plain = value.trim();
    if ([...plain].length < SHORTEST_IN_WORDS) continue;
    for (const form of formsOf(plain)) forms.set(form.toLowerCase(), coveredValue(plain));
  }
  if (forms.size === 0) return words;
  // The longest first: a value that is part of another must not leave the rest of it standing.
  const ordered = [...forms.keys()].sort((a, b) => b.length - a.length).map(literally);
  const covered = words.replace(new RegExp(ordered.join("|"), "gi"), (found) => forms.get(found.toLowerCase()) ?? COVER);
  return withoutCutValue(covered, [...forms.keys()]);
}

/** Long words are cut before they come here, perhaps in the middle of a value. */
function withoutCutValue(words: string, values: readonly string[]): string {
  if (!words.endsWith(CUT)) return words;
  const shown = words.slice(0, -CUT.length);
  const end = shown.toLowerCase();
  const lengths = values.map((value) => {
    for (let length = value.length - 1; length > 0; length -= 1) if (end.endsWith(value.slice(0, length))) return length;
    return 0;
  });
  const longest = Math.max(...lengths);
  return longest < SHORTEST_IN_WORDS ? words : `${shown.slice(0, shown.length - longest)}${COVER}${CUT}`;
}

function formsOf(value: string): readonly string[] {
  // What a text was cut to can end in half a character, which no URL can hold.
  const whole = value.replace(/\p{Surrogate}/gu, "\ufffd");
  const escaped = value.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const inUrl = encodeURIComponent(whole);
  const inJson = JSON.stringify(value).slice(1, -1);
  return [value, value.replaceAll(" ", "+"), inJson, escaped, inUrl, inUrl.replaceAll("%20", "+"), Buffer.from(whole).toString("base64")];
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

import type { Document, Line } from "./document.js";
import { DOCUMENT_TYPES, type DocumentType, type DocumentTypeInfo } from "./document-types.js";
import {
  coveredText,
  coveredWords,
  hasPersonalTexts,
  type PersonalTexts,
  PersonalValues,
  personalSpans,
  type TextShape,
} from "./personal.js";

/** Stands for a value of which nobody knows how it was made. */
const UNKNOWN: TextShape = [{ personal: true }];
/** What a run puts behind the text of a document: that it is a supplement, a difference, or moved to another day. */
const ADDED = /(?:（(?:补充|差异|原日期 \d{4}-\d{2}-\d{2})）)+$/;

/**
 * What a document may be shown as: personal values are covered, everything else is as it is. Amounts, days, accounts and keys are no texts and stay.
 * What is sent and what is remembered is never made of this.
 */
export interface DocumentCover {
  /** False where everything is shown as it is. */
  readonly covers: boolean;
  readonly document: (document: Document) => Document;
  /** A value of the dimension of this name. */
  readonly dimension: (name: string, value: string) => string;
  /** A value of a personal field itself. */
  readonly value: (value: string) => string;
}

export const SHOWN_WHOLE: DocumentCover = {
  covers: false,
  document: (document) => document,
  dimension: (_, value) => value,
  value: (value) => value,
};

/** `texts`: those of the document's pipeline; null where it is gone, and then every text is covered. `values` are those of one report. */
export function documentCover(texts: PersonalTexts | null, values: PersonalValues = new PersonalValues()): DocumentCover {
  const cover = (value: string): string => values.cover(value);
  if (texts !== null && !hasPersonalTexts(texts)) return { ...SHOWN_WHOLE, value: cover };
  return {
    covers: true,
    document: (document) => eachText(document, texts, (text, shapes) => coveredText(text, shapes, cover)),
    dimension: (name, value) => coveredText(value, dimensionShapes(texts, name), cover),
    value: cover,
  };
}

/** The same for a line that belongs to no document yet, for a message about two of them. */
export function lineCover(texts: PersonalTexts, type: DocumentType): (line: Line) => Line {
  if (!hasPersonalTexts(texts)) return (line) => line;
  const values = new PersonalValues();
  return (line) => eachTextOfLine(line, type, texts, (text, shapes) => coveredText(text, shapes, (value) => values.cover(value)));
}

/** The words of another system about a document, without the personal values that it was sent. */
export function wordsAbout(words: string, documents: readonly Document[], texts: PersonalTexts): string {
  if (!hasPersonalTexts(texts)) return words;
  const values = new Set<string>();
  const collect = (text: string, shapes: readonly TextShape[]): string => {
    for (const { start, end } of personalSpans(text, shapes)) values.add(text.slice(start, end));
    return text;
  };
  for (const document of documents) eachText(document, texts, collect);
  return coveredWords(words, values);
}

type Change = (text: string, shapes: readonly TextShape[]) => string;
type LineTexts = PersonalTexts["lines"][number];
type Texts = Readonly<Record<string, string>>;

/** The document with each of its texts changed, told how that can have been made. */
function eachText(document: Document, texts: PersonalTexts | null, change: Change): Document {
  const { fields }: DocumentTypeInfo = DOCUMENT_TYPES[document.type];
  return {
    ...document,
    text: changeText(document.text, texts === null ? [UNKNOWN] : [texts.text], change),
    fields: mapped(document.fields, (name, value) =>
      (fields[name]?.type ?? "text") === "text" ? change(value, [texts?.fields[name] ?? UNKNOWN]) : value,
    ),
    lines: document.lines.map((line) => eachTextOfLine(line, document.type, texts, change)),
  };
}

function eachTextOfLine(line: Line, type: DocumentType, texts: PersonalTexts | null, change: Change): Line {
  const { lineFields }: DocumentTypeInfo = DOCUMENT_TYPES[type];
  const templates = texts?.lines ?? [];
  const fitting = templatesOf(line, templates);
  // A line without a text of its own has that of the document, and so may lines that were merged.
  const ofText = texts === null ? [UNKNOWN] : [texts.text, ...fitting.flatMap(({ text }) => given(text))];
  const shapes = (of: (template: LineTexts) => TextShape | null | undefined): readonly TextShape[] => {
    const found = fitting.flatMap((template) => given(of(template)));
    const others = found.length > 0 ? found : templates.flatMap((template) => given(of(template)));
    return others.length > 0 ? others : [UNKNOWN];
  };
  const changeField = (name: string, value: string): string => {
    const ofField = shapes((template) => template.fields[name]);
    return lineFields[name]?.type === "text" ? change(value, ofField) : value;
  };
  const changeDimension = (name: string, value: string): string => {
    const ofDimension = shapes((template) => template.dimensions[name]);
    return change(value, ofDimension);
  };
  const ofPartner = shapes(({ partner }) => partner);
  return {
    ...line,
    text: changeText(line.text, ofText, change),
    partner: line.partner === null ? null : change(line.partner, ofPartner),
    dimensions: mapped(line.dimensions, changeDimension),
    ...(line.fields === undefined ? {} : { fields: mapped(line.fields, changeField) }),
  };
}

/** The templates that can have made a line; all of them where none seems to, as after a change of the pipeline. */
function templatesOf({ account }: Line, templates: readonly LineTexts[]): readonly LineTexts[] {
  const fitting = templates.filter((template) => template.account === null || template.account === account);
  return fitting.length === 0 ? templates : fitting;
}

function dimensionShapes(texts: PersonalTexts | null, name: string): readonly TextShape[] {
  const shapes = (texts?.lines ?? []).flatMap(({ dimensions }) => given(dimensions[name]));
  return shapes.length > 0 ? shapes : [UNKNOWN];
}

/** What a run puts behind the text is its own, and none of the value before. */
function changeText(text: string, shapes: readonly TextShape[], change: Change): string {
  const added = ADDED.exec(text)?.[0] ?? "";
  return change(text.slice(0, text.length - added.length), shapes) + added;
}

function given(shape: TextShape | null | undefined): readonly TextShape[] {
  return shape === null || shape === undefined ? [] : [shape];
}

function mapped(record: Texts, change: (name: string, value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(name, value)]));
}

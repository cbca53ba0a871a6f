import type { Pipeline, Project } from "../config/pipeline.js";
import { type DocumentCover, documentCover, SHOWN_WHOLE } from "../model/document-cover.js";
import { PersonalValues } from "../model/personal.js";
import type { Change } from "../model/plan.js";
import type { CommonOptions } from "./io.js";

/** Of commands at which a person decides something. */
export interface PersonalOptions extends CommonOptions {
  readonly showPersonal?: boolean;
}

/** Personal fields are shown whole: the command line says so, or sync.yaml. */
export function showsPersonal(project: Pick<Project, "personal"> | null, { showPersonal }: PersonalOptions): boolean {
  return showPersonal === true || project?.personal === "show";
}

/** How the documents of a pipeline are shown; of one that is gone nobody knows what is personal, and every text is covered. */
export function coverOf(pipeline: Pick<Pipeline, "personal"> | null, isShown: boolean, values?: PersonalValues): DocumentCover {
  return isShown ? SHOWN_WHOLE : documentCover(pipeline?.personal ?? null, values);
}

export function coveredChange(change: Change, { covers, document: cover }: DocumentCover): Change {
  if (!covers) return change;
  const posted = "posted" in change ? { posted: { ...change.posted, document: cover(change.posted.document) } } : {};
  const wanted = "document" in change && change.document !== null ? { document: cover(change.document) } : {};
  return { ...change, ...posted, ...wanted } as Change;
}

export type Cell = string | boolean | null;

const WHOLE_ROW = "**";

/** Shows records, field by field as their schema marks them. A row that could not be split may hold anything, and is not shown at all. */
export class RecordCover {
  private readonly personal: ReadonlySet<string> | null;
  private readonly values: PersonalValues;

  constructor(pipeline: Pick<Pipeline, "source"> | null, isShown: boolean, values = new PersonalValues()) {
    const marked = pipeline?.source.schema.fields.filter((field) => field.personal).map((field) => field.name) ?? null;
    this.personal = isShown ? new Set() : marked === null ? null : new Set(marked);
    this.values = values;
  }

  isPersonal(field: string): boolean {
    return this.personal === null || this.personal.has(field);
  }

  cell<T extends Cell>(field: string, cell: T): T | string {
    return cell === null || cell === "" || !this.isPersonal(field) ? cell : this.values.cover(String(cell));
  }

  value(value: string): string {
    return this.values.cover(value);
  }

  /** The raw text of a row that could not be split. */
  row(text: string): string {
    return this.hidesRows ? WHOLE_ROW : text;
  }

  get hidesRows(): boolean {
    return this.personal === null || this.personal.size > 0;
  }
}

import { ProblemError, problem } from "../../model/problem.js";
import type { RawCell } from "../contract.js";
import { FieldFault } from "../files/fields.js";
import type { XmlElement, XmlEvents } from "../files/xml.js";
import type { XmlSettings } from "./options.js";

/** A larger record is none that a program wrote for another. Counted in characters, with something for each field. */
const MAX_RECORD_LENGTH = 16 * 1024 * 1024;
const FIELD_COST = 100;

export interface XmlRecord {
  readonly fields: ReadonlyMap<string, RawCell | FieldFault>;
  /** Where it begins, from 1. */
  readonly line: number;
}

const CONTAINER = new FieldFault("holds other elements, expected text");

interface OpenElement {
  /** The name of the field, or empty for the record itself. */
  readonly field: string;
  text: string;
  hasElements: boolean;
}

/**
 * Gathers the records of a file. An element within a record is called by its path, `payee.name`, an attribute `@currency` or
 * `amount.@currency`, the text of the record element itself `.`.
 */
export class RecordBuilder implements XmlEvents {
  /** Whether the element that holds the records, or a record, was met. */
  hasPlace = false;
  /** Names of elements outside records, for a message. */
  readonly met = new Set<string>();

  private records: XmlRecord[] = [];
  private readonly path: string[] = [];
  private readonly opened: OpenElement[] = [];
  private values = new Map<string, (string | FieldFault)[]>();
  private length = 0;
  private startLine = 0;

  constructor(
    private readonly settings: XmlSettings,
    private readonly unit: string,
    private readonly line: () => number,
  ) {}

  take(): XmlRecord[] {
    const { records } = this;
    this.records = [];
    return records;
  }

  open(element: XmlElement): void {
    const name = this.nameOf(element);
    const parent = this.opened.at(-1);
    if (parent === undefined) {
      this.path.push(name);
      if (this.met.size < 20) this.met.add(name);
      if (!this.isRecord()) return;
      this.values = new Map();
      this.length = 0;
      this.startLine = this.line();
      this.start("", element);
      return;
    }
    parent.hasElements = true;
    this.start(parent.field === "" ? name : `${parent.field}.${name}`, element);
  }

  text(text: string): void {
    const element = this.opened.at(-1);
    if (element === undefined) return;
    element.text += text;
    this.count(text.length);
  }

  close(): void {
    const element = this.opened.pop();
    if (element === undefined) {
      this.path.pop();
      return;
    }
    const text = this.settings.trim ? element.text.trim() : element.text;
    const field = element.field === "" ? "." : element.field;
    // Blanks between elements are layout.
    if (!element.hasElements || text.trim() !== "") this.note(field, text);
    else if (field !== ".") this.note(field, CONTAINER);
    if (this.opened.length > 0) return;
    this.records.push({ fields: this.fields(), line: this.startLine });
    this.path.pop();
  }

  private start(field: string, element: XmlElement): void {
    this.opened.push({ field, text: "", hasElements: false });
    for (const attribute of element.attributes()) {
      const value = this.settings.trim ? attribute.value.trim() : attribute.value;
      this.count(value.length);
      this.note(`${field === "" ? "" : `${field}.`}@${this.nameOf(attribute)}`, value);
    }
  }

  private note(field: string, value: string | FieldFault): void {
    this.count(FIELD_COST);
    const values = this.values.get(field);
    if (values === undefined) this.values.set(field, [value]);
    else values.push(value);
  }

  private count(characters: number): void {
    this.length += characters;
    if (this.length <= MAX_RECORD_LENGTH) return;
    const message = `the record that begins on line ${this.startLine} of \`${this.unit}\` is larger than ${MAX_RECORD_LENGTH / 2 ** 20} MB`;
    throw new ProblemError(
      problem(
        "SOURCE_TOO_LARGE",
        message,
        { file: this.unit, line: this.startLine },
        "check `element`; it may name the element around the records",
      ),
    );
  }

  private fields(): Map<string, RawCell | FieldFault> {
    const { join } = this.settings;
    const fields = new Map<string, RawCell | FieldFault>();
    for (const [field, values] of this.values) {
      const [first] = values;
      if (values.length === 1) fields.set(field, first === undefined || first === "" ? null : first);
      else if (values.some((value) => value instanceof FieldFault)) fields.set(field, CONTAINER);
      else if (join === null) fields.set(field, new FieldFault(`stands ${values.length} times in the record`));
      else fields.set(field, values.filter((value) => value !== "").join(join) || null);
    }
    return fields;
  }

  private isRecord(): boolean {
    const { element, isAnywhere } = this.settings;
    if (isAnywhere) {
      if (this.path.at(-1) !== element[0]) return false;
    } else {
      const isOnPath = this.path.every((name, index) => name === element[index]);
      if (isOnPath && this.path.length === element.length - 1) this.hasPlace = true;
      if (!isOnPath || this.path.length !== element.length) return false;
    }
    this.hasPlace = true;
    return true;
  }

  private nameOf({ local, uri }: { readonly local: string; readonly uri: string }): string {
    const prefix = uri === "" ? undefined : this.settings.prefixes.get(uri);
    return prefix === undefined ? local : `${prefix}:${local}`;
  }
}

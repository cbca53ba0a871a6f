import type { Json } from "../http/json.js";
import { isList, isObject } from "../http/json.js";
import { Unwritable } from "../http/template.js";
import { shortKey } from "../http/view.js";
import type { BillForm } from "./forms/form.js";
import type { KingdeeTargetOptions } from "./target-options.js";

const REVERSAL = "/reversal";

/** How our idempotency key stands in the ERP. */
export class KeyField {
  readonly field: string;
  readonly level: "header" | "lines";
  private readonly length: number;
  private readonly way: KingdeeTargetOptions["key"]["write"];

  constructor(
    { key }: Pick<KingdeeTargetOptions, "key">,
    private readonly form: BillForm,
  ) {
    this.field = key.field ?? form.key.field;
    this.level = key.in ?? (key.field === undefined ? form.key.level : "header");
    this.length = key.length;
    this.way = key.write;
  }

  /** The whole key can be read back. */
  get isWhole(): boolean {
    return this.way === "full";
  }

  /** A second document with the same number is refused by the ERP. */
  get isNumber(): boolean {
    return this.level === "header" && this.field === "FBillNo" && this.form.form !== "GL_VOUCHER";
  }

  /** What is written and searched for. Throws Unwritable for a key that the field does not keep. */
  write(idempotencyKey: string): string {
    const whole = encode(idempotencyKey);
    // What can be posted must be possible to cancel: the key of its reversal is longer.
    const room = this.way === "full" && !whole.endsWith(REVERSAL) ? this.length - REVERSAL.length : this.length;
    const isFitting = [...whole].length <= room;
    if (this.way === "short" || (this.way === "fitting" && !isFitting)) return shortKey(idempotencyKey);
    if (isFitting) return whole;
    throw new Unwritable(
      `its key \`${whole}\` has ${[...whole].length} characters, and \`${this.field}\` keeps ${room}${room < this.length ? " beside what a reversal adds" : ""}; \`key.write: short\` makes one of 16`,
    );
  }

  isWritable(idempotencyKey: string): boolean {
    try {
      this.write(idempotencyKey);
      return true;
    } catch (error) {
      if (error instanceof Unwritable) return false;
      throw error;
    }
  }

  /** The key that a text of the ERP stands for. */
  read(text: string): string {
    return decode(text);
  }

  /** The Model with the key in its place. Throws Unwritable where there is no such place. */
  into(model: ReadonlyMap<string, Json>, written: string): ReadonlyMap<string, Json> {
    if (this.level === "header") return new Map([...model, [this.field, written]]);
    const entries = model.get(this.form.entity) ?? null;
    if (!isList(entries) || entries.length === 0 || !entries.every(isEntry))
      throw new Unwritable(`its Model has no entries under \`${this.form.entity}\`, where the key \`${this.field}\` belongs`);
    return new Map([
      ...model,
      [this.form.entity, entries.map((entry) => new Map([...(entry as ReadonlyMap<string, Json>), [this.field, written]]))],
    ]);
  }
}

function isEntry(entry: Json): boolean {
  return entry !== null && isObject(entry);
}

/** Control characters, which part the fields of a composite key, are no characters for a field that people see. */
function encode(key: string): string {
  return key.replace(/[%\p{Cc}]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function decode(text: string): string {
  return text.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

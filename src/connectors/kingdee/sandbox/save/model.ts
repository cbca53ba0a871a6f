import { CODE, type Fault, fault, notFound } from "../answers.js";
import type { Bill, Row, Stored, Values } from "../bill.js";
import type { Books } from "../books.js";
import { isObject, type Json, type JsonObject } from "../exact-json.js";
import { ENTRY_ID, type Entity, type Field } from "../forms/form.js";
import type { KnownForm } from "../forms/index.js";
import { objectOf, plainText } from "../texts.js";
import { convert, type Scope } from "./convert.js";

/** How much of what is kept a Save touches. */
export interface SaveOptions {
  /** Rows of an entity that the model does not hold are deleted. The vendor's default is yes. */
  readonly deletesRows: boolean;
  /** Only these fields and entities change in an update; none named: all of them. */
  readonly only: readonly string[];
}

/** A bill in the making: the rules of its form complete it before it is kept. */
export interface Draft {
  id: number;
  readonly values: Record<string, Stored>;
  readonly entries: Record<string, DraftRow[]>;
}

export interface DraftRow {
  id: number;
  readonly values: Record<string, Stored>;
}

/** Reads the `Model` of a Save on top of what is kept. Names that are no fields are dropped without a word, as the real system does. */
export class ModelReader {
  readonly faults: Fault[] = [];
  private readonly header: Record<string, Stored>;
  private readonly scope: Scope;

  constructor(
    books: Books,
    private readonly known: KnownForm,
    private readonly old: Bill | null,
    private readonly options: SaveOptions,
    sessionOrganisation: number,
  ) {
    this.header = { ...(old?.values ?? {}) };
    this.scope = { books, organisation: sessionOrganisation, header: this.header };
  }

  read(model: JsonObject): Draft {
    const { form } = this.known;
    this.refuseWrongLevel(model, null);
    const organisation = this.organisationOf(model);
    const scope = { ...this.scope, organisation };
    for (const field of form.fields) {
      if (field.own === true || field.key === form.primary || !this.touches(field.within ?? field.key, field.key)) continue;
      const holder = field.within === undefined ? model : objectOf(model[field.within]);
      const sent = holder[field.key];
      if (sent !== undefined) this.take(field, sent, this.header, scope);
    }
    const entries: Record<string, DraftRow[]> = {};
    for (const entity of form.entities) entries[entity.key] = this.rowsOf(entity, model[entity.key], scope);
    return { id: this.old?.id ?? 0, values: this.header, entries };
  }

  /** The organisation of the bill decides which base data exist for it, so it is read first. */
  private organisationOf(model: JsonObject): number {
    const field = this.known.form.fields.find((each) => each.key === this.known.form.organisation);
    const sent = field === undefined ? undefined : model[field.key];
    if (field === undefined || sent === undefined) return this.scope.organisation;
    const found = convert(field, sent, { ...this.scope, organisation: 0 });
    return found.fault === undefined && typeof found.value === "number" && found.value !== 0 ? found.value : this.scope.organisation;
  }

  private rowsOf(entity: Entity, sent: Json | undefined, scope: Scope): DraftRow[] {
    const kept = (this.old?.entries[entity.key] ?? []).map(copyOf);
    const isNamed = this.touches(entity.key);
    const named = entity.fields.filter((field) => this.options.only.includes(field.key));
    if (!isNamed && named.length === 0) return kept;
    const models = Array.isArray(sent) ? (sent as readonly Json[]).filter(isObject) : [];
    const rows = this.options.deletesRows && isNamed ? [] : kept;
    for (const model of models) {
      this.refuseWrongLevel(model, entity);
      const id = plainText(model[ENTRY_ID]);
      const isNew = id === "" || id === "0";
      const old = isNew ? undefined : kept.find((row) => String(row.id) === id);
      if (!isNew && old === undefined) {
        this.faults.push({ ...notFound(`${entity.key}的分录${id}`), field: ENTRY_ID });
        continue;
      }
      // The new rows of an entity that is not named are dropped without a word, even when its fields are.
      if (old === undefined && !isNamed) continue;
      const row = old ?? { id: 0, values: {} };
      for (const field of old !== undefined && this.old !== null && named.length > 0 ? named : entity.fields) {
        const value = model[field.key];
        if (value !== undefined && field.own !== true) this.take(field, value, row.values, scope);
      }
      if (!rows.includes(row)) rows.push(row);
    }
    return rows;
  }

  private take(field: Field, sent: Json, into: Record<string, Stored>, scope: Scope): void {
    const converted = convert(field, sent, scope);
    if (converted.fault === undefined) into[field.key] = converted.value;
    else this.faults.push(converted.fault);
  }

  /** A field is named by itself, or by the part of the header it stands in. */
  private touches(...names: readonly string[]): boolean {
    const { only } = this.options;
    return this.old === null || only.length === 0 || names.some((name) => only.includes(name));
  }

  /** A field of the form that stands where it does not belong is not dropped but refused. */
  private refuseWrongLevel(model: JsonObject, entity: Entity | null): void {
    const own = new Set((entity ?? this.known.form).fields.map((field) => field.key));
    for (const key of Object.keys(model)) {
      const place = this.known.places.get(key.toLowerCase());
      if (place === undefined || own.has(key) || place.field.key !== key || place.entity === entity || key === ENTRY_ID) continue;
      const level = entity === null ? "BillHead" : entity.key;
      this.faults.push(fault(`实体不存在此属性！[EntityType：${level},Property：${key}]`, CODE.exception, key));
    }
  }
}

/** Fields that must be given and were not. */
export function missingFields(known: KnownForm, draft: Draft): readonly Fault[] {
  const { form } = known;
  const missing = form.fields.filter((field) => field.required === true && isEmpty(draft.values[field.key]));
  const inRows = form.entities.flatMap((entity) =>
    (draft.entries[entity.key] ?? []).flatMap((row, at) =>
      entity.fields
        .filter((field) => field.required === true && isEmpty(row.values[field.key]))
        .map((field) => fault(`第${at + 1}行分录，字段“${field.key}”是必填项`, CODE.fieldMissing, field.key)),
    ),
  );
  return [...missing.map((field) => fault(`字段“${field.key}”是必填项`, CODE.fieldMissing, field.key)), ...inRows];
}

export function isEmpty(value: Stored | undefined): boolean {
  return value === undefined || value === null || value === "" || value === 0;
}

export function billOf(draft: Draft): Bill {
  return { id: draft.id, values: draft.values, entries: draft.entries };
}

function copyOf(row: Row): DraftRow {
  return { id: row.id, values: { ...(row.values as Values) } };
}

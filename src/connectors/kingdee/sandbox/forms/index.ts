import { BASE_FORMS } from "./base-forms.js";
import { BILL_FORMS } from "./bill-forms.js";
import { ENTRY_ID, type Entity, type Field, type Form } from "./form.js";

/** A field that this site's own users added, as every site has some. Kept as text. */
export interface MadeField {
  readonly form: string;
  /** The entity it was added to; none is the header. */
  readonly entity: string | null;
  readonly key: string;
}

/** Where a field stands: on the header, or in the rows of an entity. */
export interface Place {
  readonly field: Field;
  readonly entity: Entity | null;
}

/** A form with its user-made fields, and its fields by name. */
export interface KnownForm {
  readonly form: Form;
  /** By name in lower case, as queries are not case-sensitive: `FSupplierId` and `FSUPPLIERID` were both seen for one field. */
  readonly places: ReadonlyMap<string, Place>;
}

/** Every form of the stand-in, by its exact id. */
export class Forms {
  private readonly known: ReadonlyMap<string, KnownForm>;

  constructor(made: readonly MadeField[]) {
    this.known = new Map(
      [...BASE_FORMS, ...BILL_FORMS].map((form) => {
        const whole = withMade(
          form,
          made.filter((each) => each.form === form.id),
        );
        return [form.id, { form: whole, places: placesOf(whole) }];
      }),
    );
  }

  get(id: string): KnownForm | undefined {
    return this.known.get(id);
  }

  /** A form that the stand-in itself names. */
  must(id: string): KnownForm {
    const found = this.known.get(id);
    if (found === undefined) throw new Error(`bug: no form \`${id}\``);
    return found;
  }

  all(): readonly Form[] {
    return [...this.known.values()].map((each) => each.form);
  }
}

function withMade(form: Form, made: readonly MadeField[]): Form {
  const fieldsFor = (entity: string | null): Field[] =>
    made.filter((each) => each.entity === entity).map(({ key }) => ({ key, kind: "text", most: 255 }));
  return {
    ...form,
    fields: [...form.fields, ...fieldsFor(null)],
    entities: form.entities.map((entity) => ({ ...entity, fields: [...entity.fields, ...fieldsFor(entity.key)] })),
  };
}

function placesOf(form: Form): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const add = (key: string, place: Place): void => {
    if (!places.has(key.toLowerCase())) places.set(key.toLowerCase(), place);
  };
  for (const field of form.fields) add(field.key, { field, entity: null });
  for (const entity of form.entities) {
    const id: Field = { key: ENTRY_ID, kind: "integer" };
    for (const field of entity.fields) add(field.key, { field, entity });
    add(`${entity.key}_${ENTRY_ID}`, { field: id, entity });
    add(ENTRY_ID, { field: id, entity });
  }
  return places;
}

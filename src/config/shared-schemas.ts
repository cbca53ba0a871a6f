type Json = { readonly [key: string]: unknown };

/** Shorter than this, a part is easier to read where it stands. */
const WORTH_SHARING = 400;
const MAPS_OF_SCHEMAS = ["properties", "patternProperties"];
const LISTS_OF_SCHEMAS = ["anyOf", "allOf", "oneOf"];
const SCHEMAS = ["items", "additionalProperties", "if", "then", "else", "not"];

/** The same schema with parts that stand in several places written once, under `definitions`. */
export function shareRepeated(schema: Json): Json {
  const counts = new Map<string, number>();
  eachPart(schema, (part) => {
    const text = JSON.stringify(part);
    if (text.length >= WORTH_SHARING) counts.set(text, (counts.get(text) ?? 0) + 1);
    // What stands in a part that was met before is shared with it.
    return counts.get(text) === undefined || counts.get(text) === 1;
  });
  const names = new Map<string, string>();
  const definitions: Record<string, Json> = {};
  const share = (part: Json): Json => {
    const text = JSON.stringify(part);
    if ((counts.get(text) ?? 0) < 2) return mapParts(part, share);
    let name = names.get(text);
    if (name === undefined) {
      name = `part${names.size + 1}`;
      names.set(text, name);
      definitions[name] = mapParts(part, share);
    }
    return { $ref: `#/definitions/${name}` };
  };
  const shared = mapParts(schema, share);
  return names.size === 0 ? shared : { ...shared, definitions };
}

/** Calls `visit` for every schema within a schema; it says whether to go on into that one. */
function eachPart(schema: Json, visit: (part: Json) => boolean): void {
  mapParts(schema, (part) => {
    if (visit(part)) eachPart(part, visit);
    return part;
  });
}

/** The schema with each schema directly within it replaced. Names of properties are left alone, whatever they are called. */
function mapParts(schema: Json, change: (part: Json) => Json): Json {
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (MAPS_OF_SCHEMAS.includes(key) && isJson(value))
      return [key, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, isJson(part) ? change(part) : part]))];
    if (LISTS_OF_SCHEMAS.includes(key) && Array.isArray(value))
      return [key, value.map((part: unknown) => (isJson(part) ? change(part) : part))];
    return [key, SCHEMAS.includes(key) && isJson(value) ? change(value) : value];
  });
  return Object.fromEntries(entries);
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

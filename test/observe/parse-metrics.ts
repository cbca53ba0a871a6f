/** A sample as a strict reader of the text format sees it. */
export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ReadSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)|NaN)$/;

/**
 * Reads the text format of Prometheus 0.0.4 from its specification, and refuses more than Prometheus does: each family stands together, with HELP and
 * TYPE before its samples, no series comes twice, and names and units are as the naming conventions ask for.
 */
export function parseMetrics(text: string): Map<string, ReadFamily> {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { type: string; help: string; samples: ReadSample[] }>();
  const series = new Set<string>();
  let current: string | null = null;
  let helped: { readonly name: string; readonly help: string } | null = null;
  for (const line of text.split("\n").slice(0, -1)) {
    const help = /^# HELP (\S+) (.*)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (help !== null) {
      helped = { name: help[1] ?? "", help: unescaped(help[2] ?? "", /\\[\\n]/) };
      if (helped.help === "") throw new Error(`no help: ${line}`);
    } else if (type !== null) {
      const [, name = "", kind = ""] = type;
      if (helped?.name !== name || families.has(name) || NAME.exec(name)?.[0] !== name) throw new Error(`out of place: ${line}`);
      if ((kind === "counter") !== name.endsWith("_total")) throw new Error(`a counter and only that ends in _total: ${line}`);
      families.set(name, { type: kind, help: helped.help, samples: [] });
      current = name;
    } else {
      const sample = readSample(line);
      if (sample.name !== current) throw new Error(`a sample outside of its family: ${line}`);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (series.has(key)) throw new Error(`twice: ${line}`);
      series.add(key);
      families.get(current)?.samples.push(sample);
    }
  }
  for (const [name, { samples }] of families) if (samples.length === 0) throw new Error(`no samples: ${name}`);
  return families;
}

function readSample(line: string): ReadSample {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) throw new Error(`no name: ${line}`);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    while (!rest.startsWith("}")) {
      const label = LABEL.exec(rest)?.[0] ?? "";
      const value = /^="((?:[^"\\\n]|\\[\\"n])*)"(,(?!\})|(?=\}))/.exec(rest.slice(label.length));
      if (label === "" || value === null || Object.hasOwn(labels, label)) throw new Error(`a label: ${line}`);
      labels[label] = unescaped(value[1] ?? "", /\\[\\"n]/);
      rest = rest.slice(label.length + value[0].length);
    }
    rest = rest.slice(1);
  }
  const value = /^ (\S+)$/.exec(rest)?.[1] ?? "";
  if (!VALUE.test(value)) throw new Error(`no number: ${line}`);
  return { name, labels, value };
}

function unescaped(text: string, escapes: RegExp): string {
  return text.replace(new RegExp(escapes, "g"), (each) => (each === "\\n" ? "\n" : each.slice(1)));
}

/** The value of the one sample with these labels. */
export function valueIn(
  families: ReadonlyMap<string, ReadFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): string | null {
  const fits = (families.get(name)?.samples ?? []).filter((sample) =>
    Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  if (fits.length > 1) throw new Error(`${fits.length} samples of ${name} fit`);
  return fits[0]?.value ?? null;
}

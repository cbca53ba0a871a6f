/** The target of the first link with `rel=next` (RFC 8288, 3) that is about the answer itself; null when there is none. */
export function nextLink(header: string): string | null {
  for (const { target, parameters } of links(header)) {
    if (parameters.has("anchor")) continue;
    if ((parameters.get("rel") ?? "").toLowerCase().split(/\s+/).includes("next")) return target;
  }
  return null;
}

interface Link {
  readonly target: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TARGET = /[\s,]*<([^>]*)>/y;
/** A parameter: `; name`, `; name=token` or `; name="quoted"`. */
const PARAMETER = /\s*;\s*([^\s=;,"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/y;

function* links(header: string): Generator<Link> {
  for (let at = 0; ; ) {
    TARGET.lastIndex = at;
    const target = TARGET.exec(header);
    if (target === null) return;
    at = TARGET.lastIndex;
    const parameters = new Map<string, string>();
    for (;;) {
      PARAMETER.lastIndex = at;
      const match = PARAMETER.exec(header);
      if (match === null) break;
      at = PARAMETER.lastIndex;
      const [, name = "", quoted, token = ""] = match;
      // Of a parameter that stands twice the first one counts (RFC 8288, 3.3).
      if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? token);
    }
    yield { target: target[1] ?? "", parameters };
  }
}

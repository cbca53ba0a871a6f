import type { HttpCall } from "../http.js";
import { type ContentOptions, compileContent, compileParameters, type ParameterOptions } from "./content.js";
import { encodeHeader, wellFormed } from "./header-text.js";
import { headerName, headerValue } from "./headers.js";
import { compileText, Unwritable } from "./template.js";
import type { Shape, View } from "./view.js";

export interface RequestOptions extends ContentOptions {
  readonly method: string;
  readonly path: string;
  readonly query?: ParameterOptions | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface RequestContext {
  /** The option it is written under, for problems. */
  readonly where: string;
  readonly shape: Shape;
  readonly omitEmpty: boolean;
  /** Host and port of the system. */
  readonly host: string;
}

/** A call as the options describe it, to be filled in. */
export interface Request {
  /** What problems call it: the path as it is written in the options, with nothing of the document. */
  readonly name: string;
  /** Throws Unwritable when a value that is needed is empty or no number. */
  readonly fill: (view: View) => HttpCall;
  /** The body alone. */
  readonly fillBody: (view: View) => string | null;
}

/** Throws ProblemError for a template that cannot be used. */
export function compileRequest(options: RequestOptions, { where, shape, omitEmpty, host }: RequestContext): Request {
  const { method } = options;
  const name = `${method} ${host}${options.path}`;
  const path = compileText(encodeLiteral(options.path), shape, `${where}.path`, (value, before) =>
    encodeInPath(value, before, `${where}.path`),
  );
  const headers = Object.entries(options.headers ?? {}).map(([written, value]) => {
    const at = `${where}.headers.${written}`;
    return [headerName(`${where}.headers`, written), compileText(headerValue(at, value), shape, at, encodeHeader)] as const;
  });
  const query = compileParameters(options.query ?? {}, shape, `${where}.query`);
  const body = compileContent(options, shape, where, omitEmpty);
  const fillBody = (view: View): string | null => body?.fill(view) ?? null;
  return {
    name,
    fillBody,
    fill: (view) => {
      const content = fillBody(view);
      const filled = Object.fromEntries(headers.map(([header, write]) => [header, write(view)]));
      return { method, path: withParameters(path(view), query(view)), headers: { ...body?.headers, ...filled }, body: content, name };
    },
  };
}

/** What people write in a path: blanks and Chinese words are encoded, the rest is theirs. */
function encodeLiteral(text: string): string {
  return text.replace(/[^\x21-\x7e]+/gu, (part) => encodeURIComponent(part));
}

function encodeInPath(value: string, before: string, where: string): string {
  const isInQuery = before.includes("?");
  // An empty or dotted segment addresses another thing altogether, such as the list of all vouchers.
  if (!isInQuery && /^\.{0,2}$/.test(value)) throw new Unwritable(`${where} needs a value, and \`${value}\` is none that a path can carry`);
  return encodeURIComponent(wellFormed(value));
}

/** Names keep their `$`, as OData has them. */
function withParameters(path: string, parameters: readonly (readonly [string, string])[]): string {
  if (parameters.length === 0) return path;
  const text = parameters
    .map(([name, value]) => `${encodeURIComponent(name).replaceAll("%24", "$")}=${encodeURIComponent(wellFormed(value))}`)
    .join("&");
  return `${path}${path.includes("?") ? "&" : "?"}${text}`;
}

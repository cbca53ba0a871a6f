import { headerValue } from "./headers.js";
import { compileBody, compileParameter, compileText } from "./template.js";
import type { Shape, View } from "./view.js";

export type ParameterOptions = Readonly<Record<string, string | number | boolean>>;

export interface SoapOptions {
  readonly version: "1.1" | "1.2";
  readonly action?: string | undefined;
  readonly header?: string | undefined;
  readonly body: string;
}

/** What is sent after the headers: at most one of these. */
export interface ContentOptions {
  readonly body?: unknown;
  readonly form?: ParameterOptions | undefined;
  readonly xml?: string | undefined;
  readonly soap?: SoapOptions | undefined;
}

/** The body of a call, to be filled in, and the headers that say what it is. */
export interface Content {
  readonly headers: Readonly<Record<string, string>>;
  readonly fill: (view: View) => string;
}

/** Null when nothing is sent. Throws ProblemError for a template that cannot be used. */
export function compileContent(options: ContentOptions, shape: Shape, where: string, omitEmpty: boolean): Content | null {
  const { body, form, xml, soap } = options;
  if (body !== undefined)
    return { headers: { "content-type": "application/json" }, fill: compileBody(body, shape, `${where}.body`, omitEmpty) };
  if (form !== undefined) {
    const write = compileParameters(form, shape, `${where}.form`);
    return {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      fill: (view) => new URLSearchParams(write(view).map(([name, value]): [string, string] => [name, value])).toString(),
    };
  }
  if (xml !== undefined)
    return { headers: { "content-type": "application/xml; charset=utf-8" }, fill: compileText(xml, shape, `${where}.xml`, escapeXml) };
  return soap === undefined ? null : compileSoap(soap, shape, `${where}.soap`);
}

export function compileParameters(
  options: ParameterOptions,
  shape: Shape,
  where: string,
): (view: View) => readonly (readonly [string, string])[] {
  const written = Object.entries(options).map(([name, value]) => [name, compileParameter(value, shape, `${where}.${name}`)] as const);
  return (view) =>
    written.flatMap(([name, write]) => {
      const value = write(view);
      return value === null ? [] : [[name, value] as const];
    });
}

const ENVELOPES = { "1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope" } as const;

/**
 * An envelope of SOAP 1.1 (https://www.w3.org/TR/2000/NOTE-SOAP-20000508/, `text/xml` and a `SOAPAction` header, which is sent also when it is
 * empty) or 1.2 (https://www.w3.org/TR/soap12-part2/#ActionFeature, `application/soap+xml` with `action`).
 */
function compileSoap({ version, action = "", header, body }: SoapOptions, shape: Shape, where: string): Content {
  const head = header === undefined ? () => "" : compileText(header, shape, `${where}.header`, escapeXml);
  const inner = compileText(body, shape, `${where}.body`, escapeXml);
  const quoted = `"${headerValue(`${where}.action`, action).replace(/["\\]/g, "\\$&")}"`;
  const headers: Record<string, string> =
    version === "1.1"
      ? { "content-type": "text/xml; charset=utf-8", soapaction: quoted }
      : { "content-type": `application/soap+xml; charset=utf-8${action === "" ? "" : `; action=${quoted}`}` };
  return {
    headers,
    fill: (view) => {
      const first = head(view);
      const block = first === "" ? "" : `<soap:Header>${first}</soap:Header>`;
      return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${ENVELOPES[version]}">${block}<soap:Body>${inner(view)}</soap:Body></soap:Envelope>`;
    },
  };
}

const XML_ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** For text and for attributes. What XML 1.0 cannot hold at all becomes U+FFFD. */
function escapeXml(value: string): string {
  return Buffer.from(value)
    .toString()
    .replace(/[&<>"']/g, (character) => XML_ESCAPES[character] as string)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}

import { ProblemError } from "../../../model/problem.js";
import { type XmlElement, type XmlEvents, XmlReader, xmlEncoding } from "../../files/xml.js";
import type { Reading } from "../answer.js";
import { isList, isObject, type Json, textOf } from "../json.js";
import type { Answer } from "../transport.js";

const INSTANCE = "http://www.w3.org/2001/XMLSchema-instance";

/**
 * An element with attributes or elements in it, as paths and rules see it: elements by their name without prefix, attributes as `@name`, text
 * beside them as `.`. An element with text only is that text; one that stands several times is a list.
 */
export class XmlTree extends Map<string, Json> {}

/** The answer with its XML as the whole; without one where it is not XML. */
export function readXmlAnswer({ status, headers, body }: Answer): Reading {
  const text = decode(body, headers.get("content-type") ?? "");
  return { status, headers, text: text ?? "", whole: text === null ? undefined : parseXml(text) };
}

/** In the encoding that the header names, else that of the text itself (RFC 7303, 3). Null for bytes that are no text in it. */
function decode(body: Buffer, contentType: string): string | null {
  const named = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  const found = xmlEncoding(body);
  if (named === undefined && "unknown" in found) return null;
  try {
    return new TextDecoder(named ?? ("encoding" in found ? found.encoding : ""), { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function parseXml(text: string): Json | undefined {
  const builder = new TreeBuilder();
  try {
    const reader = new XmlReader("answer", builder, { namespaces: true });
    reader.feed(text);
    reader.end();
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
  return builder.whole;
}

interface Open {
  readonly name: string;
  readonly tree: XmlTree;
  text: string;
  isNil: boolean;
}

class TreeBuilder implements XmlEvents {
  readonly whole = new XmlTree();
  private readonly opened: Open[] = [];

  open(element: XmlElement): void {
    const one: Open = { name: element.local, tree: new XmlTree(), text: "", isNil: false };
    for (const { local, uri, value } of element.attributes()) {
      if (uri === INSTANCE && local === "nil") one.isNil = value === "true" || value === "1";
      else one.tree.set(`@${local}`, value);
    }
    this.opened.push(one);
  }

  text(text: string): void {
    const one = this.opened.at(-1);
    if (one !== undefined) one.text += text;
  }

  close(): void {
    const { name, tree, text, isNil } = this.opened.pop() as Open;
    const isLayout = text.trim() === "";
    if (tree.size > 0 && !isLayout) tree.set(".", text);
    const value = isNil ? null : tree.size > 0 ? tree : text;
    const parent = this.opened.at(-1)?.tree ?? this.whole;
    const before = parent.get(name);
    if (before === undefined) parent.set(name, value);
    else if (isList(before)) (before as Json[]).push(value);
    else parent.set(name, [before, value]);
  }
}

/** What a SOAP fault says, of 1.1 or 1.2; null where the answer is none. */
export function faultOf(whole: Json | undefined): string | null {
  const fault = within(within(within(whole, "Envelope"), "Body"), "Fault");
  if (fault === undefined) return null;
  const code = within(fault, "faultcode") ?? within(within(fault, "Code"), "Value");
  const reason = within(fault, "faultstring") ?? within(within(fault, "Reason"), "Text");
  return [code, reason]
    .map(words)
    .filter((text) => text !== "")
    .join("; ");
}

function within(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && value !== null && isObject(value) ? value.get(name) : undefined;
}

function words(value: Json | undefined): string {
  // Of a reason in several languages the first one.
  const one = value !== undefined && value !== null && isList(value) ? value[0] : value;
  return (textOf(one) ?? textOf(within(one, ".")) ?? "").trim();
}

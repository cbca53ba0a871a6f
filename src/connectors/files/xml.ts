import { SaxesParser, type SaxesTagNS, type SaxesTagPlain } from "saxes";
import { ProblemError, problem } from "../../model/problem.js";
import { canonicalEncoding, ENCODINGS, type EncodingName, type TextEncodingName } from "./encodings.js";

/** More characters than this without the start or end of an element are no data that a program wrote for another. */
const MAX_RUN_LENGTH = 8 * 1024 * 1024;
const MAX_DEPTH = 200;
/** The declaration stands at the very beginning. */
export const XML_HEAD_BYTES = 256;

export interface XmlAttribute {
  readonly local: string;
  readonly uri: string;
  readonly value: string;
}

export interface XmlElement {
  /** Without its prefix. */
  readonly local: string;
  /** Its namespace, or its prefix where namespaces are not looked up; empty when it has none. */
  readonly uri: string;
  /** An attribute without a namespace. */
  get(name: string): string | undefined;
  attributes(): readonly XmlAttribute[];
}

export interface XmlEvents {
  open(element: XmlElement): void;
  close(): void;
  text(text: string): void;
}

/**
 * Reads XML 1.0 with namespaces, piece by piece, and refuses everything that is not well-formed, with line and column. A
 * document type (DTD) is refused as well, because entities are declared there: nothing is ever expanded or fetched.
 */
export class XmlReader {
  private readonly parser: SaxesParser<{ xmlns: boolean }>;
  private depth = 0;
  private silent = 0;

  /** Looking up namespaces takes half of the time, and is left out where every name is known beforehand. */
  constructor(
    private readonly unit: string,
    events: XmlEvents,
    { namespaces }: { readonly namespaces: boolean },
  ) {
    const parser = new SaxesParser<{ xmlns: boolean }>({ xmlns: namespaces });
    this.parser = parser;
    parser.on("error", ({ message }) => {
      throw this.refused(message.replace(/^[^:]*:?\d+:\d+: /, "").replace(/\.$/, ""));
    });
    parser.on("doctype", () => {
      throw this.refused(
        "it has a document type (`<!DOCTYPE`)",
        "export it without one; entities could stand for anything, so they are not read",
      );
    });
    parser.on("opentag", (tag) => {
      this.silent = 0;
      this.depth += 1;
      if (this.depth > MAX_DEPTH) throw this.refused(`its elements are nested more than ${MAX_DEPTH} deep`);
      events.open(namespaces ? new ResolvedElement(tag as SaxesTagNS) : new PlainElement(tag as SaxesTagPlain));
    });
    parser.on("closetag", () => {
      this.silent = 0;
      this.depth -= 1;
      events.close();
    });
    parser.on("text", (text) => events.text(text));
    parser.on("cdata", (text) => events.text(text));
  }

  /** The line that is being read, from 1. */
  get line(): number {
    return this.parser.line;
  }

  feed(text: string): void {
    this.silent += text.length;
    this.parser.write(text);
    if (this.silent > MAX_RUN_LENGTH) throw this.refused(`more than ${MAX_RUN_LENGTH / 2 ** 20} MB without an element`);
  }

  end(): void {
    this.parser.close();
  }

  private refused(what: string, hint = "correct it at its source, or send it again; nothing was taken from it"): ProblemError {
    const { line, columnIndex } = this.parser;
    const message = `\`${this.unit}\` is not XML that can be read: ${what}`;
    return new ProblemError(problem("SOURCE_FORMAT", message, { file: this.unit, line, column: Math.max(1, columnIndex) }, hint));
  }
}

/** Made for each of millions of cells, so it looks at no attribute before it is asked. */
class PlainElement implements XmlElement {
  readonly local: string;
  readonly uri: string;

  constructor(private readonly tag: SaxesTagPlain) {
    const colon = tag.name.indexOf(":");
    this.local = colon === -1 ? tag.name : tag.name.slice(colon + 1);
    this.uri = colon === -1 ? "" : tag.name.slice(0, colon);
  }

  get(name: string): string | undefined {
    return this.tag.attributes[name];
  }

  attributes(): XmlAttribute[] {
    return Object.entries(this.tag.attributes).map(([name, value]) => {
      const colon = name.indexOf(":");
      return { local: name.slice(colon + 1), uri: name.slice(0, Math.max(0, colon)), value };
    });
  }
}

class ResolvedElement implements XmlElement {
  readonly local: string;
  readonly uri: string;

  constructor(private readonly tag: SaxesTagNS) {
    this.local = tag.local;
    this.uri = tag.uri;
  }

  get(name: string): string | undefined {
    return this.attributes().find(({ local, uri }) => local === name && uri === "")?.value;
  }

  attributes(): XmlAttribute[] {
    return Object.values(this.tag.attributes).filter(({ prefix, name }) => prefix !== "xmlns" && name !== "xmlns");
  }
}

/**
 * The encoding of an XML text by its first bytes: its byte order mark, else what its declaration says, else UTF-8. As text
 * where the declaration names one that is not known. https://www.w3.org/TR/xml/#sec-guessing
 */
export function xmlEncoding(head: Buffer): { readonly encoding: TextEncodingName } | { readonly unknown: string } {
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: "utf-16le" };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: "utf-16be" };
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: "utf-8" };
  if (head[0] === 0x3c && head[1] === 0) return { encoding: "utf-16le" };
  if (head[0] === 0 && head[1] === 0x3c) return { encoding: "utf-16be" };
  const declared = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head.toString("latin1", 0, XML_HEAD_BYTES))?.[1];
  if (declared === undefined) return { encoding: "utf-8" };
  const name = declared.toLowerCase();
  if (name === "us-ascii" || name === "ascii") return { encoding: "utf-8" };
  const known = ENCODINGS.find((each) => each === name || (name === "x-gbk" && each === "gbk"));
  // A declaration that could be read byte by byte is not UTF-16, whatever it says.
  if (known === undefined || known === "detect" || known.startsWith("utf-16")) return { unknown: declared };
  return { encoding: canonicalEncoding(known as Exclude<EncodingName, "detect">) };
}

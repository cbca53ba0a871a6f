import { type Document, lineAmount } from "../../model/document.js";
import { hasLines } from "../../model/document-types.js";
import { displayKey } from "../../model/record.js";

/** A document as data, amounts as exact decimal text. */
export function documentToJson(document: Document): unknown {
  return {
    type: document.type,
    key: displayKey(document.key),
    ...(hasLines(document.type) ? { date: document.date, currency: document.currency } : {}),
    text: document.text,
    ...(hasLines(document.type) ? { attachments: document.attachments } : {}),
    ...(Object.keys(document.fields).length > 0 ? { fields: document.fields } : {}),
    lines: document.lines.map((line) => ({
      account: line.account,
      [line.side]: lineAmount(line, document.currency),
      text: line.text,
      ...(line.partner === null ? {} : { partner: line.partner }),
      ...(Object.keys(line.dimensions).length > 0 ? { dimensions: line.dimensions } : {}),
      ...(line.fields === undefined ? {} : { fields: line.fields }),
    })),
  };
}

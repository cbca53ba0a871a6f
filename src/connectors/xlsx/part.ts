import { ProblemError, problem } from "../../model/problem.js";
import { DecodeFault, StrictDecoder } from "../files/decode.js";
import { type XmlEvents, XmlReader, xmlEncoding } from "../files/xml.js";
import type { ZipArchive, ZipEntry } from "../files/zip.js";

/**
 * Reads one XML part of a workbook, piece by piece; after each piece it yields the share of the part that has been read,
 * from 0 to 1, so that the caller can hand on what it has gathered.
 */
export async function* readPart(
  archive: ZipArchive,
  entry: ZipEntry,
  workbook: string,
  limit: number,
  events: XmlEvents,
): AsyncGenerator<number> {
  const unit = `${workbook}!${entry.name}`;
  const reader = new XmlReader(unit, events, { namespaces: false });
  let decoder: StrictDecoder | null = null;
  let bytes = 0;
  try {
    for await (const chunk of archive.chunks(entry, limit, unit)) {
      decoder ??= decoderOf(chunk, unit);
      bytes += chunk.length;
      reader.feed(decoder.decode(chunk));
      yield Math.min(1, bytes / entry.size);
    }
    if (decoder !== null) reader.feed(decoder.end());
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    const message = `\`${unit}\` is not ${error.encoding.toUpperCase()} at position ${error.offset}`;
    throw new ProblemError(problem("SOURCE_FORMAT", message, { file: workbook }, "open the workbook in Excel or WPS and save it again"));
  }
  reader.end();
  yield 1;
}

function decoderOf(head: Buffer, unit: string): StrictDecoder {
  const found = xmlEncoding(head);
  if ("encoding" in found) return new StrictDecoder(found.encoding);
  throw new ProblemError(problem("SOURCE_FORMAT", `\`${unit}\` declares the unknown encoding \`${found.unknown}\``, { file: unit }));
}

import { ProblemError } from "../../model/problem.js";
import { DecodeFault, StrictDecoder } from "./decode.js";
import type { EncodingFound } from "./detect.js";
import type { EncodingName } from "./encodings.js";
import type { OpenFile } from "./read.js";
import { undecodable } from "./undecodable.js";

export interface TextPiece {
  readonly text: string;
  /** How much of the file has been read so far. */
  readonly bytes: number;
  /** No text follows. */
  readonly isLast: boolean;
}

/** The text of a file, piece by piece. Bytes that are not text throw a ProblemError with their place. */
export async function* readText(file: OpenFile, found: EncodingFound, declared: EncodingName): AsyncGenerator<TextPiece> {
  if ("faults" in found) throw new ProblemError(await undecodable(file, declared, found.faults));
  const decoder = new StrictDecoder(found.encoding);
  let bytes = 0;
  try {
    for await (const chunk of file.chunks()) {
      bytes += chunk.length;
      yield { text: decoder.decode(chunk), bytes, isLast: false };
    }
    yield { text: decoder.end(), bytes, isLast: true };
  } catch (error) {
    if (error instanceof DecodeFault) throw new ProblemError(await undecodable(file, declared, [error]));
    throw error;
  }
}

import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createInflateRaw } from "node:zlib";
import { ProblemError, problem } from "../../model/problem.js";
import { sizeText } from "./size.js";

const OUTPUT_BYTES = 64 * 1024;

/** Compressed data that is not what it should be; `message` completes "cannot be unpacked: …". */
export class UnpackFault extends Error {}

/** The content of a gzip file with any number of members. The chunks of `packed` must stay as they are. */
export function gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return through(packed, createGunzip({ chunkSize: OUTPUT_BYTES }));
}

/** The content of raw deflate data. The chunks of `packed` must stay as they are. */
export function inflate(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return through(packed, createInflateRaw({ chunkSize: OUTPUT_BYTES }));
}

async function* through(packed: AsyncIterable<Buffer>, transform: Transform): AsyncGenerator<Buffer> {
  // Whoever iterates sees the error of the source or of the transform; the callback would only tell it a second time.
  pipeline(Readable.from(packed), transform, () => undefined);
  try {
    for await (const chunk of transform) yield chunk as Buffer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code?.startsWith("Z_") ? new UnpackFault(code === "Z_BUF_ERROR" ? "it ends too early" : message) : error;
  }
}

/** Passes chunks on up to `limit` bytes: a few kilobytes can unpack to more than any disk holds. */
export async function* limited(chunks: AsyncIterable<Buffer>, limit: number, unit: string): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) {
      throw new ProblemError(
        problem(
          "SOURCE_TOO_LARGE",
          `\`${unit}\` holds more than ${sizeText(limit)} once it is unpacked`,
          { file: unit },
          "if the file is what it should be, raise `unpack_limit`",
        ),
      );
    }
    yield chunk;
  }
}

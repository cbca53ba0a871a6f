import type { FileHandle } from "node:fs/promises";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProblemError, problem } from "../../../model/problem.js";
import { Interrupted } from "../storage.js";
import type { Sink } from "./server.js";

/** More came than there should be. */
export class TooLong extends Error {}

/**
 * A copy of a remote file on this machine, while it is read. It loses its name as soon as it is open, so that nothing is left of
 * it whatever happens to this process; nobody else can open it, and no name of the server is ever a path here.
 */
export class LocalCopy implements Sink {
  /** Bytes so far. */
  size = 0;

  private constructor(
    readonly handle: FileHandle,
    private readonly folder: string,
    private readonly signal: AbortSignal,
    private limit: number,
  ) {}

  static async make(signal: AbortSignal): Promise<LocalCopy> {
    try {
      const folder = await mkdtemp(join(tmpdir(), "sync-"));
      try {
        const handle = await open(join(folder, "content"), "wx+", 0o600);
        return new LocalCopy(handle, folder, signal, 0);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    } catch (error) {
      throw noSpace(error);
    }
  }

  /** Begins anew; more than `limit` bytes are refused. */
  async restart(limit: number): Promise<void> {
    this.size = 0;
    this.limit = limit;
    await this.handle.truncate(0);
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.signal.aborted) throw new Interrupted();
    if (this.size + chunk.length > this.limit) throw new TooLong();
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.handle.write(chunk, done, chunk.length - done, this.size + done).catch((error) => {
        throw noSpace(error);
      });
      done += bytesWritten;
    }
    this.size += chunk.length;
  }

  async discard(): Promise<void> {
    await this.handle.close();
    // Where an open file keeps its name until it is closed, it goes now.
    await rm(this.folder, { recursive: true, force: true });
  }
}

function noSpace(error: unknown): ProblemError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new ProblemError(
    problem(
      "SOURCE_UNREADABLE",
      `the file cannot be copied to this machine: ${code ?? message}`,
      { file: tmpdir() },
      "there must be room for the largest file in the folder for temporary files; the variable TMPDIR names another one",
    ),
  );
}

import { ProblemError, problem } from "../../../model/problem.js";
import type { ConnectorContext } from "../../contract.js";
import { Changed, type FileState, Interrupted, type ListedFile, type Moved, type OpenedFile, type Storage, sameState } from "../storage.js";
import { LocalCopy, TooLong } from "./copy.js";
import { ConnectionLost, type FileServer } from "./server.js";
import { walk } from "./walk.js";

const MOST_TRIES = 3;
const FIRST_WAIT_MS = 1000;

/** The folder of a server: files are copied here one at a time, whole, and then read as if they had always been here. */
export class RemoteFolder implements Storage {
  private growing: ReadonlySet<string> = new Set();

  constructor(
    private readonly server: FileServer,
    /** A file must not have moved between two looks this many milliseconds apart. */
    private readonly settleMs: number,
    private readonly context: Pick<ConnectorContext, "sleep" | "signal">,
  ) {}

  get name(): string {
    return this.server.name;
  }

  /** Its clock may differ from ours, so it is looked at twice. */
  async list(patterns: readonly string[]): Promise<ListedFile[]> {
    const look = () => this.try(() => walk(this.server, patterns));
    const files = await look();
    if (files.length === 0 || this.settleMs === 0 || !this.server.showsGrowing) return files;
    await this.context.sleep(this.settleMs);
    const later = new Map((await look()).map((file) => [file.unit, file]));
    this.growing = new Set(files.flatMap((file) => (sameState(file, later.get(file.unit) ?? null) ? [] : [file.unit])));
    return files;
  }

  async open(file: ListedFile): Promise<OpenedFile | "growing"> {
    if (this.growing.has(file.unit)) return "growing";
    const copy = await LocalCopy.make(this.context.signal);
    try {
      await this.try(() => this.copyInto(copy, file));
    } catch (error) {
      await copy.discard();
      throw error;
    }
    // It was compared with the listing after the last byte came; what happens to it later is for the next run.
    return {
      handle: copy.handle,
      state: { size: file.size, version: file.version },
      ensureUnchanged: async () => {},
      close: () => copy.discard(),
    };
  }

  state(path: string): Promise<FileState | null> {
    return this.try(() => this.server.state(path));
  }

  move(from: string, to: string, expected: FileState): Promise<Moved> {
    let isRepeated = false;
    return this.try(async () => {
      // The answer to the first try may have been lost after it was done.
      if (isRepeated && (await this.server.state(from)) === null && (await this.server.state(to)) !== null) return "moved";
      isRepeated = true;
      return this.server.move(from, to, expected);
    });
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async copyInto(copy: LocalCopy, file: ListedFile): Promise<void> {
    await copy.restart(file.size);
    let isLonger = false;
    try {
      await this.server.download(file.unit, file, copy);
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      isLonger = true;
    }
    if (!sameState(file, await this.server.state(file.unit))) throw new Changed();
    if (isLonger || copy.size < file.size)
      throw new ConnectionLost(`\`${file.unit}\` came with ${isLonger ? "more" : `${copy.size}`} bytes instead of ${file.size}`);
  }

  private try<T>(work: () => Promise<T>): Promise<T> {
    return tryRepeatedly(work, this.server, this.context);
  }
}

/** For what changes nothing, or can be told to have been done: repeated a few times when the connection is lost. */
export async function tryRepeatedly<T>(
  work: () => Promise<T>,
  server: Pick<FileServer, "name" | "close">,
  { signal, sleep }: Pick<ConnectorContext, "sleep" | "signal">,
): Promise<T> {
  const stop = (): void => void server.close();
  signal.addEventListener("abort", stop);
  try {
    for (let tries = 1; ; tries += 1) {
      if (signal.aborted) throw new Interrupted();
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) throw new Interrupted();
        if (!(error instanceof ConnectionLost)) throw error;
        await server.close();
        if (tries === MOST_TRIES) throw new ProblemError(lost(server.name, error.reason));
      }
      await sleep(FIRST_WAIT_MS * 2 ** (tries - 1));
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function lost(name: string, reason: string) {
  return problem(
    "SOURCE_UNREADABLE",
    `\`${name}\` cannot be read: ${reason}; tried ${MOST_TRIES} times`,
    { file: name },
    "check that the server is up and can be reached from this machine; the next run tries again",
  );
}

import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const CHUNK = 1 << 16;

type Audience = "people" | "owner" | "all";

/** The file with what `work` writes, or nothing of it where that throws. */
export function writeWhole<T>(path: string, audience: Audience, work: (out: WholeFile) => T): T {
  const out = new WholeFile(path, audience);
  try {
    const result = work(out);
    out.end();
    return result;
  } catch (cause) {
    out.discard();
    throw cause;
  }
}

/** A file that is written under another name first, so that it is never there in part. One of its name is replaced. */
export class WholeFile {
  private readonly partial: string;
  private readonly handle: number;
  private buffer = "";
  private isOpen = true;

  /**
   * `audience`: a page is for people, and as readable as they are used to; what belongs to the store is for its owner only; what a program of another
   * user reads is readable by all, whatever the umask is.
   */
  constructor(
    private readonly path: string,
    audience: Audience = "people",
  ) {
    mkdirSync(dirname(path), { recursive: true, ...(audience === "owner" ? { mode: 0o700 } : {}) });
    this.partial = `${path}.${process.pid}.part`;
    this.handle = openSync(this.partial, "wx", audience === "owner" ? 0o600 : 0o666);
    if (audience === "all") fchmodSync(this.handle, 0o644);
  }

  readonly write = (text: string): void => {
    this.buffer += text;
    if (this.buffer.length >= CHUNK) this.flush();
  };

  writeBytes(bytes: Uint8Array): void {
    this.flush();
    this.put(bytes);
  }

  /** What was written until now, under its other name. */
  flushed(): string {
    this.flush();
    return this.partial;
  }

  /** Everything is written; the file is there when this returns. */
  end(): void {
    this.flush();
    fsyncSync(this.handle);
    this.close();
    renameSync(this.partial, this.path);
  }

  /** Something went wrong; nothing of it stays. */
  discard(): void {
    this.close();
    rmSync(this.partial, { force: true });
  }

  private close(): void {
    if (this.isOpen) closeSync(this.handle);
    this.isOpen = false;
  }

  private flush(): void {
    this.put(Buffer.from(this.buffer));
    this.buffer = "";
  }

  /** One call may write only a part of it. */
  private put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.handle, bytes, at);
  }
}

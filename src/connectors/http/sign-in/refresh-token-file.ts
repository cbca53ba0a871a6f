import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { ProblemError, problem } from "../../../model/problem.js";
import type { Redaction } from "../redaction.js";

/** The token, and what can be done with it until it is released. */
export interface HeldToken {
  readonly token: string;
  /** Durable when it returns. Throws ProblemError when it cannot be written. */
  readonly replace: (next: string) => void;
  readonly release: () => void;
}

interface Clock {
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

const WAIT_MS = 200;
/** A lock of another machine that is older than this was left behind. */
const LEFT_BEHIND_MS = 10 * 60_000;

/**
 * A file with a refresh token that is good for one use. Two processes must not spend it both, so who uses it holds `FILE.lock` meanwhile: a file
 * with host and process id, which is taken over when that process is not there any more.
 */
export class RefreshTokenFile {
  private readonly lock: string;
  private readonly own = `${hostname()} ${process.pid} ${randomBytes(8).toString("hex")}`;

  constructor(
    private readonly path: string,
    /** Another process holds the lock no longer than this, in milliseconds. */
    private readonly patienceMs: number,
    private readonly clock: Clock,
    private readonly redaction: Redaction,
  ) {
    this.lock = `${path}.lock`;
  }

  /** Null when another process uses it all the time. Throws ProblemError when there is no token. */
  async take(): Promise<HeldToken | null> {
    for (let waited = 0; !this.tryLock(); waited += WAIT_MS) {
      if (waited >= this.patienceMs) return null;
      await this.clock.sleep(WAIT_MS);
    }
    const release = (): void => this.unlock();
    try {
      const token = this.read();
      this.redaction.hide(token);
      return { token, release, replace: (next) => this.replace(next) };
    } catch (error) {
      release();
      throw error;
    }
  }

  private read(): string {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8").trim();
    } catch (error) {
      return refuse(
        `the file with the refresh token cannot be read (${codeOf(error)})`,
        `check \`auth.oauth2.refresh_token_file\`: ${this.path}`,
      );
    }
    if (/^[\x21-\x7e]+$/.test(text)) return text;
    return refuse("the file with the refresh token holds none", `write it, and nothing else, into ${this.path}`);
  }

  private replace(next: string): void {
    this.redaction.hide(next);
    const draft = `${this.path}.${randomBytes(6).toString("hex")}.new`;
    try {
      const file = openSync(draft, "wx", 0o600);
      try {
        writeSync(file, `${next}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, this.path);
      syncFolder(dirname(resolve(this.path)));
    } catch (error) {
      rmSync(draft, { force: true });
      refuse(
        `the new refresh token cannot be kept (${codeOf(error)}), and the former one is spent`,
        `make the folder of ${this.path} writable, sign in anew, and write the new token into the file`,
      );
    }
  }

  private tryLock(): boolean {
    try {
      const file = openSync(this.lock, "wx", 0o600);
      writeSync(file, this.own);
      closeSync(file);
      return true;
    } catch (error) {
      if (codeOf(error) !== "EEXIST")
        refuse(`the file with the refresh token cannot be locked (${codeOf(error)})`, `make the folder of ${this.path} writable`);
      this.removeLeftBehind();
      return false;
    }
  }

  /** Moved aside before it is removed, so that of two who do this only one does, and nobody removes a lock that was taken meanwhile. */
  private removeLeftBehind(): void {
    const aside = `${this.lock}.${randomBytes(6).toString("hex")}`;
    try {
      const owner = readFileSync(this.lock, "utf8");
      if (!this.isLeftBehind(owner)) return;
      renameSync(this.lock, aside);
      if (readFileSync(aside, "utf8") !== owner) linkSync(aside, this.lock);
      rmSync(aside, { force: true });
    } catch (error) {
      // Somebody else was faster.
      if (codeOf(error) !== "ENOENT" && codeOf(error) !== "EEXIST") throw error;
      rmSync(aside, { force: true });
    }
  }

  private isLeftBehind(owner: string): boolean {
    const [host, pid] = owner.split(" ");
    if (host === hostname() && pid !== undefined) return !isAlive(Number(pid));
    // Made a moment ago and not written yet, or by another machine.
    return this.clock.now().getTime() - statSync(this.lock).mtimeMs > LEFT_BEHIND_MS;
  }

  private unlock(): void {
    try {
      if (readFileSync(this.lock, "utf8") === this.own) rmSync(this.lock, { force: true });
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** So that the new name lasts, too. Windows cannot do this, and need not. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

function refuse(message: string, hint: string): never {
  throw new ProblemError(problem("TARGET_SIGN_IN", message, [], hint));
}

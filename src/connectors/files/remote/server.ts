import type { FileState, Moved } from "../storage.js";

/** A file or a folder as its server names it. The name is checked before anything is made of it. */
export interface Entry extends FileState {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/** More entries than this are no place where files are exchanged, but a mistake in `folder` or a trap. */
export const MOST_ENTRIES = 200_000;

/** Takes what is downloaded, in order. Throws when it is more than was expected. */
export interface Sink {
  write(chunk: Uint8Array): Promise<void>;
}

/**
 * A server with folders. Paths start at the folder of the connection. Every function connects when it must, and throws
 * ConnectionLost where trying again may help, and ProblemError where it will not.
 */
export interface FileServer {
  /** What problems call it; it holds no secret. */
  readonly name: string;
  /** Files can be seen there while they are still being written. */
  readonly showsGrowing: boolean;
  /** What is directly in a folder; the empty text is the folder of the connection. */
  entries(folder: string): Promise<readonly Entry[]>;
  /** Where a listing may not be exact: the state of one file that it has. */
  exact?(path: string, listed: FileState): Promise<FileState | null>;
  /** Null when there is no such file. */
  state(path: string): Promise<FileState | null>;
  /** Gives the content to the sink, of the listed size or not. Throws Changed when it sees that it is another file now. */
  download(path: string, expected: FileState, sink: Sink): Promise<void>;
  /** Moves a file to a place that is free, and makes the folders that it needs. */
  move(from: string, to: string, expected: FileState): Promise<Moved>;
  /** Ends the connection at once; what waits for an answer fails. */
  close(): Promise<void>;
}

/** The server cannot be reached, or the connection broke off. The reason is made to be shown. */
export class ConnectionLost extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ECONNABORTED: "the connection was reset",
  EPIPE: "the connection was closed",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name cannot be looked up now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "there was no answer in time",
  UND_ERR_SOCKET: "the connection was closed before the answer was complete",
  UND_ERR_CONNECT_TIMEOUT: "no connection came about in time",
  UND_ERR_HEADERS_TIMEOUT: "there was no answer in time",
  UND_ERR_BODY_TIMEOUT: "the answer stopped half-way",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer was cut short",
};

/** Errors of the network in our words; the texts of system errors name addresses, those of servers may repeat what we sent. Null for others. */
export function lostReason(error: unknown): string | null {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: unknown };
  if (typeof code === "string" && REASONS[code] !== undefined) return `${REASONS[code]} (${code})`;
  // Several addresses were tried, and each failed in its own way.
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  return first === undefined ? null : lostReason(first);
}

/** Fails when an answer does not come in time; `giveUp` then ends what was waited for. */
export async function inTime<T>(answer: Promise<T>, timeoutMs: number, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ConnectionLost(`there was no answer within ${timeoutMs} ms`));
      giveUp();
    }, timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

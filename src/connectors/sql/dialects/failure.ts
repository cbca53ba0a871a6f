import { DatabaseError, type FailureKind } from "../dialect.js";

/** Codes of the network and of Node.js while a connection comes about; nothing was asked of the database then. */
const CONNECTING: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name cannot be looked up now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "no connection came about in time",
};

/** What a driver says while connecting, as a failure of ours. `kind` is what the database itself answered, or null where it did not. */
export function connectFailure(error: unknown, kind: FailureKind | null): unknown {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return error;
  if (error instanceof DatabaseError) {
    return error.kind === "sign in" || error.kind === "busy" ? error : new DatabaseError("unreachable", error.words);
  }
  const code = codeOf(error);
  const words = oneLine(code !== "" && CONNECTING[code] !== undefined ? `${CONNECTING[code]} (${code})` : messageOf(error));
  if (kind === "sign in" || kind === "busy") return new DatabaseError(kind, words);
  return new DatabaseError("unreachable", words);
}

export function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === "string" && code !== "") return code;
  // Several addresses were tried, and each failed in its own way.
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  return first === undefined ? "" : codeOf(first);
}

export function messageOf(error: unknown): string {
  const { message, errors } = error as { message?: unknown; errors?: unknown };
  if (typeof message === "string" && message !== "") return message;
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  return first === undefined ? String(error) : messageOf(first);
}

const MOST_CHARACTERS = 500;

export function oneLine(text: string): string {
  const line = text
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "")
    .trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS - 1)}…` : line;
}

/** Waits for `work`, but not longer than `ms`; then `give up` must end it, because its answer is not waited for any more. */
export async function within<T>(ms: number, what: string, work: Promise<T>, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      giveUp();
      reject(new DatabaseError("lost", `${what} took longer than ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // Its own failure comes after ours and is no news.
    work.catch(() => undefined);
  }
}

import { isList, type Json } from "../http/json.js";
import { wordOf } from "./values.js";

/**
 * What an answer with `error` says. `refused`: a rule of the ERP speaks against it. `question`: it asks a person, and did nothing. `conflict`:
 * somebody wrote meanwhile. `later`: the database had a lock. `failed`: a program error, which no waiting mends. Each time the transaction was
 * undone (`trytond/protocols/dispatcher.py`).
 */
export interface Fault {
  readonly kind: "refused" | "question" | "conflict" | "later" | "failed";
  /** In the ERP's words, which follow the user's language. */
  readonly words: string;
  /** Of a question: what an answer to it is called. */
  readonly name: string;
}

/** Longer ones carry the definition of a whole field. */
const MOST_WORDS = 2_000;

const KINDS: Readonly<Record<string, Fault["kind"]>> = { UserError: "refused", UserWarning: "question", LoginException: "refused" };

/**
 * Told apart by shape, because the words follow the language: the name of a class comes with a list; everything else is the text of an exception.
 * Errors of PostgreSQL end with a line break (libpq), whatever their language; those of SQLite are never translated. Null for no error.
 */
export function faultOf(error: Json | undefined): Fault | null {
  if (error === undefined || error === null) return null;
  if (!isList(error)) return { kind: "failed", words: wordOf(error).slice(0, MOST_WORDS) || "an error without words", name: "" };
  const [first, second = null] = error;
  const title = wordOf(first);
  if (second !== null && isList(second)) {
    const parts = second.map(wordOf);
    const kind = KINDS[title] ?? "refused";
    const [name = "", message = "", description = ""] = kind === "question" ? parts : ["", ...parts];
    const words = [message, description].filter((each) => each !== "").join(" ");
    return { kind, words: (words === "" ? title : words).slice(0, MOST_WORDS), name };
  }
  if (title === "ConcurrencyException") return { kind: "conflict", words: wordOf(second).slice(0, MOST_WORDS), name: "" };
  const isDatabase = title.endsWith("\n") || /^database (table )?is locked/.test(title);
  return { kind: isDatabase ? "later" : "failed", words: title.slice(0, MOST_WORDS) || "an error without words", name: "" };
}

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ProblemError, problem } from "../model/problem.js";
import type { ProcessEnvironment } from "./fill-in.js";

/** The file of secrets that the project names, encrypted with age (https://age-encryption.org/v1). */
export interface SecretsFile {
  readonly file: string;
  /** Public keys that can open it, as `age-keygen` prints them; without any, it is written for the key that opens it. */
  readonly recipients: readonly string[];
}

/** The keys at hand, from the environment of the process. */
export interface SecretKeys {
  /** `AGE-SECRET-KEY-1…` */
  readonly identities: readonly string[];
  readonly passphrases: readonly string[];
  /** Where they were read from. */
  readonly files: readonly string[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** Thousands of secrets; more is another file. */
const MOST_BYTES = 1 << 20;
const REFERENCE = /\$\{\s*env\.([^}\s]+)\s*\}/g;

/** Names that a project asks for, and that the environment does not have; where there are none, nothing has to be opened. */
export function missingNames(text: string, env: ProcessEnvironment): string[] {
  return [...text.matchAll(REFERENCE)].map(([, name = ""]) => name).filter((name) => env[name] === undefined);
}

/** Throws ProblemError CONFIG_SECRETS for files of keys that cannot be read or hold none. */
export function keysAtHand(env: ProcessEnvironment, cwd: string): SecretKeys {
  const files: string[] = [];
  const textOf = (variable: string): string | null => {
    const path = env[`${variable}_FILE`];
    if (path === undefined || path === "") return env[variable] ?? null;
    const file = resolve(cwd, path);
    files.push(file);
    try {
      return readFileSync(file, "utf8");
    } catch (cause) {
      return refuse(`\`${variable}_FILE\` names \`${path}\`, which cannot be read (${codeOf(cause)})`, "let the user of the runs read it");
    }
  };
  const written = textOf("SYNC_AGE_IDENTITY");
  // As `age-keygen` writes it, with lines that say when it was made and what its public key is.
  const identities = (written ?? "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (written !== null && identities.length === 0)
    refuse("the identity has no key in it", "expected a line that begins with `AGE-SECRET-KEY-`");
  const passphrase = textOf("SYNC_AGE_PASSPHRASE")?.replace(/\r?\n$/, "") ?? "";
  return { identities, passphrases: passphrase === "" ? [] : [passphrase], files };
}

/** The secrets by name, in the order of the file. Throws ProblemError CONFIG_SECRETS. */
export async function openSecrets(file: string, keys: SecretKeys): Promise<Map<string, string>> {
  const bytes = readSecrets(file);
  if (keys.identities.length + keys.passphrases.length === 0)
    refuse(
      `\`${file}\` is encrypted, and there is no key to open it`,
      "set `SYNC_AGE_IDENTITY_FILE` to the file that `age-keygen` wrote, or `SYNC_AGE_PASSPHRASE_FILE`",
    );
  const { Decrypter, armor } = await import("age-encryption");
  const decrypter = new Decrypter();
  try {
    for (const identity of keys.identities) decrypter.addIdentity(identity);
  } catch {
    refuse("the identity is no key of age", "expected a line that begins with `AGE-SECRET-KEY-`, as `age-keygen` writes it");
  }
  for (const passphrase of keys.passphrases) decrypter.addPassphrase(passphrase);
  let text = "";
  try {
    const head = bytes.subarray(0, 100).toString("latin1").trimStart();
    const raw = head.startsWith("-----BEGIN AGE") ? armor.decode(bytes.toString("latin1")) : new Uint8Array(bytes);
    text = new TextDecoder("utf-8", { fatal: true }).decode(await decrypter.decrypt(raw, "uint8array"));
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    if (words.startsWith("no identity matched"))
      refuse(`the key at hand does not open \`${file}\``, "it was encrypted for another: use that one, or have it encrypted for yours too");
    refuse(`\`${file}\` is damaged, or no file of age: ${words}`, "put back an earlier version of it");
  }
  return parseSecrets(text, file);
}

/** `NAME=value` lines; what is after the first `=` is the value, as it stands. Empty lines and those that begin with `#` say nothing. */
export function parseSecrets(text: string, file: string): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const at = line.indexOf("=");
    const name = at === -1 ? "" : line.slice(0, at);
    // What stands in the line is not shown, because it may be a secret.
    if (!isSecretName(name))
      refuse(`line ${index + 1} of \`${file}\` is no \`NAME=value\``, "a name has letters, digits and `_`, without blanks");
    if (secrets.has(name)) refuse(`\`${name}\` stands twice in \`${file}\``, "keep one of the two lines");
    secrets.set(name, line.slice(at + 1));
  }
  return secrets;
}

export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** The file as text, encrypted for `recipients`, or for the keys that are at hand. Throws ProblemError CONFIG_SECRETS. */
export async function sealSecrets(secrets: ReadonlyMap<string, string>, { recipients }: SecretsFile, keys: SecretKeys): Promise<string> {
  const { Encrypter, armor, identityToRecipient } = await import("age-encryption");
  const encrypter = new Encrypter();
  const [passphrase] = keys.passphrases;
  try {
    const own = await Promise.all(keys.identities.map((identity) => identityToRecipient(identity)));
    const all = recipients.length > 0 ? recipients : own;
    for (const recipient of all) encrypter.addRecipient(recipient);
    if (all.length === 0 && passphrase !== undefined) encrypter.setPassphrase(passphrase);
    if (all.length === 0 && passphrase === undefined)
      refuse(
        "there is no key to encrypt the secrets with",
        "set `SYNC_AGE_IDENTITY_FILE` or `SYNC_AGE_PASSPHRASE_FILE`, or name `recipients`",
      );
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    refuse(
      "one of the `recipients`, or the identity, is no key of age",
      "`age-keygen -y FILE` prints the public key `age1…` of an identity",
    );
  }
  const text = [...secrets].map(([name, value]) => `${name}=${value}\n`).join("");
  return armor.encode(await encrypter.encrypt(text));
}

function readSecrets(file: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    return refuse(`the secrets file \`${file}\` cannot be read (${codeOf(cause)})`, "`sync secrets set NAME` makes it");
  }
  if (bytes.length > MOST_BYTES) refuse(`the secrets file \`${file}\` has more than 1 MiB`, "check that it is the right file");
  return bytes;
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? "unknown";
}

function refuse(found: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_SECRETS", found, [], hint));
}

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { newKeyPair } from "../../model/approval.js";
import { ProblemError, problem } from "../../model/problem.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";

interface KeysOptions extends CommonOptions {
  readonly out?: string;
  readonly passphraseFile?: string;
}

/** Makes a pair of keys to approve plans with. The private one is written to a file that only its owner can read. */
export async function newKeys(context: CommandContext, options: KeysOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const file = options.out ?? `${name}.key`;
  const path = resolve(context.cwd, file);
  if (existsSync(path))
    throw new ProblemError(
      problem("USAGE", `there is a file \`${file}\` already`, [], "name another with `--out`; a key is never overwritten"),
    );
  const { privateKey, publicKey } = newKeyPair(passphraseOf(context, options.passphraseFile));
  writeFileSync(path, privateKey, { flag: "wx", mode: 0o600 });
  if (options.json === true) printJson(io, { name, file: path, publicKey });
  else {
    io.out(
      `the private key is in ${file}: only you may read it, and nobody else needs it\n\nfor sync.yaml:\n\napprovers:\n  ${name}: { key: ${publicKey} }\n\n`,
    );
    io.out(`approve with: sync approve FILE --key ${file}\n`);
  }
  return EXIT.done;
}

function passphraseOf(context: CommandContext, file: string | undefined): string | null {
  if (file === undefined) return null;
  let text: string;
  try {
    text = readFileSync(resolve(context.cwd, file), "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new ProblemError(problem("NOT_FOUND", `the passphrase \`${file}\` cannot be read: ${(cause as Error).message}`));
  }
  if (text === "") throw new ProblemError(problem("USAGE", `\`${file}\` is empty`, [], "write the passphrase into it, on one line"));
  return text;
}

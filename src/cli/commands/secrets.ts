import { existsSync, readFileSync } from "node:fs";
import { isSecretName, keysAtHand, openSecrets, type SecretKeys, type SecretsFile, sealSecrets } from "../../config/secrets-file.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { readableProject, shownPath } from "../session.js";
import { WholeFile } from "../whole-file.js";

interface Opened {
  readonly place: SecretsFile;
  readonly keys: SecretKeys;
  readonly secrets: Map<string, string>;
}

/** The names in the file, and nothing of the values. */
export async function list(context: CommandContext, options: CommonOptions): Promise<number> {
  const { secrets } = await open(context, options);
  const names = [...secrets.keys()];
  if (options.json === true) printJson(context.io, names);
  else context.io.out(names.length === 0 ? "there is no secret in it\n" : names.map((name) => `${name}\n`).join(""));
  return EXIT.done;
}

/** Takes the value from standard input: what stands on a command line, others can read in the list of processes. */
export async function set(context: CommandContext, options: CommonOptions, name = ""): Promise<number> {
  if (!isSecretName(name))
    throw usage(`\`${name}\` is no name of a secret`, "a name has letters, digits and `_`, and does not begin with a digit");
  const opened = await open(context, options, true);
  const value = readFileSync(0, "utf8").replace(/\r?\n$/, "");
  if (value === "" || /[\r\n\0]/.test(value))
    throw usage(
      value === "" ? "standard input has no value" : "the value has more than one line",
      'such as `printf %s "$VALUE" | sync secrets set NAME`; of what has several lines, keep the file and write `${file:PATH}`',
    );
  opened.secrets.set(name, value);
  await write(opened);
  context.io.out(`${name} is set in ${shownPath(context, opened.place.file)}\n`);
  return EXIT.done;
}

export async function remove(context: CommandContext, options: CommonOptions, name = ""): Promise<number> {
  const opened = await open(context, options);
  if (!opened.secrets.delete(name)) {
    const near = nearestName(name, [...opened.secrets.keys()]);
    throw new ProblemError(
      problem(
        "NOT_FOUND",
        `there is no secret \`${name}\``,
        [],
        near === null ? "`sync secrets list` shows the names" : `did you mean \`${near}\`?`,
      ),
    );
  }
  await write(opened);
  context.io.out(
    `${name} is no longer in ${shownPath(context, opened.place.file)}; whoever has an earlier version of the file still has it\n`,
  );
  return EXIT.done;
}

/** Encrypts it anew, after `recipients` changed. */
export async function reEncrypt(context: CommandContext, options: CommonOptions): Promise<number> {
  const opened = await open(context, options);
  await write(opened);
  const { file, recipients } = opened.place;
  const whom = recipients.length === 0 ? "the key at hand" : `${recipients.length} ${recipients.length === 1 ? "recipient" : "recipients"}`;
  context.io.out(`${shownPath(context, file)} is encrypted anew, for ${whom}\n`);
  return EXIT.done;
}

/** The project need not be free of mistakes: what it misses may be what is set now. */
async function open(context: CommandContext, options: CommonOptions, mayBeNew = false): Promise<Opened> {
  const project = await readableProject(context, options);
  if (project === null || project.secretsFile === null)
    throw usage("there is no sync.yaml here that names a file of secrets", "add `secrets: { file: secrets.age }` to it");
  const place = project.secretsFile;
  const keys = keysAtHand(context.env, context.cwd);
  const secrets = mayBeNew && !existsSync(place.file) ? new Map<string, string>() : await openSecrets(place.file, keys);
  return { place, keys, secrets };
}

/** What the key at hand could not open is not written: it would be lost to whoever wrote it. */
async function write({ place, keys, secrets }: Opened): Promise<void> {
  const sealed = await sealSecrets(secrets, place, keys);
  const file = new WholeFile(place.file, "owner");
  try {
    file.write(sealed);
    await openSecrets(file.flushed(), keys);
    file.end();
  } catch (cause) {
    file.discard();
    throw cause;
  }
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(problem("USAGE", message, [], hint));
}

import { refuseOption } from "./action.js";
import type { HttpTargetOptions } from "./options.js";

/** What the first step is called where the pipeline does not say. */
const FIRST_STEP = "save";

/** The steps in which the target books, in order; none where one call is enough. Throws ProblemError. */
export function stepNames({ post, steps = [] }: HttpTargetOptions): readonly string[] {
  if (steps.length === 0) {
    if (post.step !== undefined)
      refuseOption("CONFIG_WRONG_VALUE", "`post.step` is given, and there are no `steps`", "say under `steps` what follows it");
    return [];
  }
  const names = [post.step ?? FIRST_STEP, ...steps.map((step) => step.name)];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuseOption("CONFIG_WRONG_VALUE", `two steps are called \`${twice}\``, "give each a name of its own");
  return names;
}

/** Throws ProblemError for options that do not go together. */
export function checkOptions(options: HttpTargetOptions): void {
  const { steps, update, lookup, list, read } = options;
  if (steps !== undefined && lookup === undefined)
    missing("steps", "lookup", "only a look-up tells how far a document got whose answer was lost");
  if (update !== undefined) {
    if (list === undefined)
      missing("update", "list", "nothing is left of the versions before, so a lost store could not be rebuilt by asking");
    if (lookup === undefined) missing("update", "lookup", "only a look-up tells whether a change arrived");
    if (read === undefined ? lookup?.draft === undefined : read.draft === undefined)
      missing("update", read === undefined ? "lookup.draft" : "read.draft", "only drafts are changed, so say what a draft looks like");
  }
  if (options.delete !== undefined && lookup?.draft === undefined)
    missing("delete", "lookup.draft", "only drafts are deleted, so say what a draft looks like");
  if (options.batch !== undefined) checkBatch(options);
}

function missing(option: string, needed: string, why: string): never {
  return refuseOption("CONFIG_MISSING_KEY", `\`${option}\` needs \`${needed}\``, why);
}

function checkBatch({ post, idempotency_header: keyHeader }: HttpTargetOptions): void {
  if (post.body === undefined) refuseOption("CONFIG_MISSING_KEY", "`batch` needs `post.body`", "say there how one document is written");
  if (typeof post.reference !== "string" || typeof (post.duplicate?.reference ?? "") !== "string")
    refuseOption(
      "CONFIG_WRONG_VALUE",
      "`batch` and a reference in a header do not go together",
      "an answer has one header for all of its documents",
    );
  const single = [post.path, ...Object.values(post.headers ?? {})].some((text) => text.includes("{"));
  if (single || keyHeader !== undefined) {
    const found = keyHeader === undefined ? "paths in braces in `post.path` or `post.headers`" : "`idempotency_header`";
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `\`batch\` and ${found} do not go together`,
      "one call carries many documents, so nothing in it can belong to one of them",
    );
  }
}

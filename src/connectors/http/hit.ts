import type { Found } from "../../model/posting.js";
import { refuseOption } from "./action.js";
import {
  compileAnswerPath,
  compileNumber,
  compileRule,
  type HeaderReference,
  type NumberReader,
  type Reading,
  type Rule,
  type WhenOptions,
} from "./answer.js";
import { textOf } from "./json.js";
import { fingerprintReader, found } from "./judge.js";
import { type Path, valueAt } from "./path.js";
import type { StepOptions } from "./question-options.js";

export interface HitOptions {
  readonly found: string | HeaderReference;
  readonly fingerprint?: string | undefined;
  readonly step?: StepOptions | undefined;
  readonly draft?: WhenOptions | undefined;
}

type Refuse = (why: string, open?: string) => never;
const HOW_FAR = "how far the document is";

/** Reads what the target says about one document that it holds under our key. */
export class Hit {
  private readonly number: NumberReader;
  private readonly fingerprint: (reading: Reading) => string | null;
  private readonly step: { readonly path: Path; readonly words: ReadonlyMap<string, string> } | null;
  private readonly draft: Rule | null;

  /** `steps` are those of the target, none where one call is enough. Throws ProblemError for rules that cannot be used. */
  constructor(
    options: HitOptions,
    private readonly where: string,
    steps: readonly string[],
  ) {
    this.number = compileNumber(options.found, `${where}.found`);
    this.fingerprint = fingerprintReader(options.fingerprint, `${where}.fingerprint`);
    this.step = compileStep(options.step, `${where}.step`, steps);
    this.draft = options.draft === undefined ? null : compileRule(options.draft, `${where}.draft`);
  }

  /** The document's number; null when there is none. */
  numberOf(reading: Reading): string | null {
    return this.number(reading);
  }

  /** `refuse` throws, and says what cannot be told: what is neither this nor that is never guessed. */
  read(reading: Reading, refuse: Refuse): Found {
    const reference = this.number(reading);
    if (reference === null) return refuse(`its answer has no document number where \`${this.where}.found\` says`);
    const step = this.stepOf(reading, refuse);
    return {
      ...found(reference, this.fingerprint(reading)),
      ...(step === null ? {} : { step }),
      ...(this.draft?.fits(reading) === true ? { isDraft: true } : {}),
    };
  }

  private stepOf(reading: Reading, refuse: Refuse): string | null {
    if (this.step === null) return null;
    const value = valueAt(this.step.path, reading);
    const word = typeof value === "boolean" ? String(value) : textOf(value);
    if (word === null) return refuse(`its answer has no word where \`${this.where}.step.path\` says`, HOW_FAR);
    return this.step.words.get(word) ?? refuse(`\`${word.slice(0, 80)}\` is none of \`${this.where}.step.words\``, HOW_FAR);
  }
}

function compileStep(options: StepOptions | undefined, where: string, steps: readonly string[]) {
  if (options === undefined) {
    if (steps.length === 0) return null;
    return refuseOption("CONFIG_MISSING_KEY", `\`${where}\` is missing`, "say where the answer tells which of the `steps` were done");
  }
  if (steps.length === 0)
    return refuseOption("CONFIG_WRONG_VALUE", `\`${where}\` is given, and there are no \`steps\``, "leave one of them out");
  const words = new Map(Object.entries(options.words));
  const known = [...words.values()];
  const strange = known.find((step) => !steps.includes(step));
  const list = steps.map((step) => `\`${step}\``).join(", ");
  if (strange !== undefined)
    return refuseOption("CONFIG_WRONG_VALUE", `\`${where}.words\`: there is no step \`${strange}\``, `there is ${list}`);
  const missing = steps.find((step) => !known.includes(step));
  if (missing !== undefined)
    return refuseOption(
      "CONFIG_WRONG_VALUE",
      `\`${where}.words\` has no word for the step \`${missing}\``,
      `every step needs one: ${list}`,
    );
  return { path: compileAnswerPath(options.path, `${where}.path`), words };
}

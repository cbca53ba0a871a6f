import { CONFIG } from "./config.js";
import type { Explanations } from "./explanation.js";
import { EXPRESSIONS } from "./expressions.js";
import { RECORDS } from "./records.js";
import { RUNS } from "./runs.js";
import { SOURCE } from "./source.js";
import { TARGET } from "./target.js";
import { TELLING } from "./telling.js";

/** A page for every problem code. A code that is missing here does not compile: it goes into the file of its family, in both languages. */
export const EXPLANATIONS: Explanations = { ...CONFIG, ...EXPRESSIONS, ...SOURCE, ...RECORDS, ...TARGET, ...RUNS, ...TELLING };

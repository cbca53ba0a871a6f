import { initial } from "./0001-initial.js";
import { audit } from "./0002-audit.js";
import { steps } from "./0003-steps.js";
import { plans } from "./0004-plans.js";
import { notices } from "./0005-notices.js";
import { retention } from "./0006-retention.js";
import { registers } from "./0007-registers.js";
import { selection } from "./0008-selection.js";
import { cells } from "./0009-cells.js";

/** In order; added to, never edited once released. The store's version is the number of them that were applied. */
export const migrations: readonly string[] = [initial, audit, steps, plans, notices, retention, registers, selection, cells];

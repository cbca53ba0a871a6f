import { readFileSync } from "node:fs";
import { refuseOption } from "../options.js";

/** A file that the connection names. Throws ProblemError when it cannot be read. */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    return refuseOption(
      "CONFIG_MISSING_FILE",
      `connection: \`${file}\` cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      "let this user read it",
    );
  }
}

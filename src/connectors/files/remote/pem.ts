import { readFileSync } from "node:fs";
import { refuseOption } from "../options.js";

/** Throws ProblemError when the file cannot be read or holds no certificate. */
export function readCertificates(file: string): string {
  const pem = readPem(file);
  if (!pem.includes("-----BEGIN CERTIFICATE-----"))
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `connection: \`${file}\` holds no certificate`,
      "expected a PEM file that has `-----BEGIN CERTIFICATE-----`",
    );
  return pem;
}

export function readPem(file: string): string {
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

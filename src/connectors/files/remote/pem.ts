import { refuseOption } from "../options.js";
import { readTextFile } from "./text-file.js";

/** Throws ProblemError when the file cannot be read or holds no certificate. */
export function readCertificates(file: string): string {
  const pem = readTextFile(file);
  if (!pem.includes("-----BEGIN CERTIFICATE-----"))
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `connection: \`${file}\` holds no certificate`,
      "expected a PEM file that has `-----BEGIN CERTIFICATE-----`",
    );
  return pem;
}

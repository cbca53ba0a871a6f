import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** The key with which an application id hides its client secret. It is the same for every site. */
const XOR_KEY = "0054f397c6234378b09ca7d3e5debce7";

/** A third-party application as it is registered in the system: `<clientId>_<32 characters>` and its secret. */
export interface Application {
  readonly id: string;
  readonly secret: string;
}

/** The sign of `LoginBySign`: SHA-256 in lower-case hex of the five texts, sorted by ordinal and joined with nothing. */
export function loginSign(acctId: string, user: string, application: Application, timestamp: string): string {
  const parts = [acctId, user, application.id, application.secret, timestamp].sort();
  return createHash("sha256").update(parts.join(""), "utf8").digest("hex");
}

export function clientSecretOf(application: Application): string {
  const hidden = Buffer.from(application.id.slice(application.id.indexOf("_") + 1), "base64");
  return Buffer.from(hidden.map((byte, at) => byte ^ XOR_KEY.charCodeAt(at))).toString("base64");
}

/** `X-Api-Signature` of one POST. `path` is the path of the address, with its leading slash. */
export function apiSignature(application: Application, path: string, nonce: string, timestamp: string): string {
  const signed = `POST\n${encodeURIComponent(path)}\n\nx-api-nonce:${nonce}\nx-api-timestamp:${timestamp}\n`;
  return hexInBase64(clientSecretOf(application), signed);
}

/** `X-Kd-Signature`. `appData` is the plain text `acctId,user,2052,orgNumber`. */
export function appSignature(application: Application, appData: string): string {
  return hexInBase64(application.secret, application.id + appData);
}

/** The vendor puts the hex text into base64, not the raw digest. */
function hexInBase64(key: string, text: string): string {
  return Buffer.from(createHmac("sha256", key).update(text, "utf8").digest("hex")).toString("base64");
}

export function isSame(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";

/** What somebody says about a plan. The signature covers everything else in it. */
export interface Approval {
  /** Id of the plan. */
  readonly plan: string;
  /** SHA-256 of the plan. */
  readonly hash: string;
  /** The name under `approvers`. */
  readonly by: string;
  /** The operating-system user. */
  readonly user: string;
  readonly host: string;
  /** UTC instant. */
  readonly at: string;
  readonly reason: string;
  /** Ed25519 (RFC 8032), base64; null: the operating-system user is all that speaks for it. */
  readonly signature: string | null;
}

const MEMBERS = ["plan", "hash", "by", "user", "host", "at", "reason", "signature"] as const;

/** The members of an approval in their order, or null where it is none. */
export function readApproval(value: unknown): Approval | null {
  if (typeof value !== "object" || value === null) return null;
  const given = value as Readonly<Record<string, unknown>>;
  if (Object.keys(given).join() !== MEMBERS.join()) return null;
  const isText = (name: (typeof MEMBERS)[number]): boolean => typeof given[name] === "string";
  const areTexts = MEMBERS.slice(0, -1).every(isText);
  return areTexts && (given["signature"] === null || isText("signature")) ? (given as unknown as Approval) : null;
}

/** The exact bytes that are signed: a line that says what this is, and the members before the signature as a JSON list. */
function signedBytes(approval: Omit<Approval, "signature">): Buffer {
  const { plan, hash, by, user, host, at, reason } = approval;
  return Buffer.from(`sync plan approval\n${JSON.stringify([plan, hash, by, user, host, at, reason])}`);
}

export interface KeyPair {
  /** PKCS #8 in PEM; encrypted where a passphrase was given. */
  readonly privateKey: string;
  /** SubjectPublicKeyInfo as DER in base64. */
  readonly publicKey: string;
}

export function newKeyPair(passphrase: string | null): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const encryption = passphrase === null ? {} : { cipher: "aes-256-cbc", passphrase };
  return { privateKey: privateKey.export({ type: "pkcs8", format: "pem", ...encryption }) as string, publicKey: textOf(publicKey) };
}

/** The private key of a PEM file and the public one that belongs to it; null where it is none for Ed25519, or the passphrase is not right. */
export function readPrivateKey(pem: string, passphrase: string | null): { readonly key: KeyObject; readonly publicKey: string } | null {
  try {
    const key = createPrivateKey({ key: pem, format: "pem", ...(passphrase === null ? {} : { passphrase }) });
    return key.asymmetricKeyType === "ed25519" ? { key, publicKey: textOf(createPublicKey(key)) } : null;
  } catch {
    return null;
  }
}

export function isEncryptedKey(pem: string): boolean {
  return pem.includes("ENCRYPTED PRIVATE KEY");
}

export function signApproval(approval: Omit<Approval, "signature">, key: KeyObject): Approval {
  return { ...approval, signature: sign(null, signedBytes(approval), key).toString("base64") };
}

/** Whether the holder of this key signed exactly this. A signature has one way to be written: another text for the same bytes is none. */
export function isSignedWith(approval: Approval, publicKey: string): boolean {
  if (approval.signature === null) return false;
  const signature = Buffer.from(approval.signature, "base64");
  if (signature.toString("base64") !== approval.signature) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" });
    return verify(null, signedBytes(approval), key, signature);
  } catch {
    return false;
  }
}

function textOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}

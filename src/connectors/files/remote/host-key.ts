import { createHash, createHmac } from "node:crypto";
import { ProblemError, problem } from "../../../model/problem.js";
import { refuseOption } from "../options.js";
import type { SftpOptions } from "./options.js";
import { readTextFile } from "./text-file.js";

/** Which keys a server may show. The answer comes before anything of ours is sent. */
export interface HostKeys {
  /** The kinds of key that are known of it, so that it shows one of those; empty when any may be right. */
  readonly kinds: readonly string[];
  /** Null when this is a key that the server may have. */
  refuse(key: Buffer): ProblemError | null;
}

/** Throws ProblemError when the options do not say how the server is known. Names of servers have no upper case here. */
export function hostKeysOf({ host, port = 22, host_key: given, known_hosts: file }: SftpOptions): HostKeys {
  if (given !== undefined && file !== undefined)
    refuseOption("CONFIG_WRONG_VALUE", "connection: `sftp` has both `host_key` and `known_hosts`", "keep one of them");
  if (given !== undefined) return fingerprints([given].flat(), host, port);
  if (file !== undefined) return knownHosts(file, host, port);
  return refuseOption(
    "CONFIG_MISSING_KEY",
    "connection: `sftp` needs `host_key` or `known_hosts`",
    `ask the server's owner for the fingerprint of its key and add \`host_key: SHA256:…\`; anybody on the way can show another key`,
  );
}

function fingerprints(expected: readonly string[], host: string, port: number): HostKeys {
  for (const each of expected)
    if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(each))
      refuseOption(
        "CONFIG_WRONG_VALUE",
        `connection: \`host_key\` is \`${each}\``,
        "expected `SHA256:` and 43 characters, as `ssh-keygen -l -f KEY.pub` shows it",
      );
  return {
    kinds: [],
    refuse: (key) => {
      const found = fingerprintOf(key);
      if (expected.includes(found)) return null;
      return refusal(
        `\`${host}:${port}\` shows another key than \`host_key\` says: \`${found}\` (${kindOf(key)})`,
        `ask the server's owner whether this is its key now; only if so, write \`host_key: ${found}\``,
      );
    },
  };
}

interface Line {
  readonly isRevoked: boolean;
  readonly kind: string;
  readonly key: Buffer;
}

function knownHosts(file: string, host: string, port: number): HostKeys {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  const lines = linesOf(readTextFile(file), name);
  const good = lines.filter(({ isRevoked }) => !isRevoked);
  return {
    kinds: [...new Set(good.map(({ kind }) => kind))],
    refuse: (key) => {
      const found = `\`${fingerprintOf(key)}\` (${kindOf(key)})`;
      if (lines.some((line) => line.isRevoked && line.key.equals(key)))
        return refusal(
          `\`${host}:${port}\` shows a key that \`${file}\` calls revoked: ${found}`,
          "ask the server's owner for its new key",
        );
      if (good.some((line) => line.key.equals(key))) return null;
      const line = `${name} ${kindOf(key)} ${key.toString("base64")}`;
      if (good.length === 0)
        return refusal(
          `\`${host}:${port}\` is not in \`${file}\`; it shows the key ${found}`,
          `ask the server's owner whether this is its key; only if so, add the line \`${line}\``,
        );
      return refusal(
        `\`${host}:${port}\` shows another key than \`${file}\` says: ${found}`,
        `ask the server's owner whether this is its key now; only if so, replace its line by \`${line}\``,
      );
    },
  };
}

/** The lines of a known_hosts file that are about this name. Form: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
function linesOf(text: string, name: string): Line[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (words[0] === "" || words[0]?.startsWith("#")) return [];
    const marker = words[0]?.startsWith("@") ? words.shift() : null;
    // A certificate authority signs keys of hosts; such certificates are not asked for, so its line says nothing here.
    if (marker === "@cert-authority") return [];
    const [hosts = "", kind = "", base64 = ""] = words;
    const key = Buffer.from(base64, "base64");
    return key.length > 0 && isAbout(hosts, name) ? [{ isRevoked: marker === "@revoked", kind, key }] : [];
  });
}

function isAbout(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) {
    const [, , salt = "", hash = ""] = hosts.split("|");
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  const patterns = hosts.toLowerCase().split(",");
  const matches = (pattern: string): boolean => wildcard(pattern).test(name);
  return (
    !patterns.some((each) => each.startsWith("!") && matches(each.slice(1))) &&
    patterns.some((each) => !each.startsWith("!") && matches(each))
  );
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[[\](){}+|^$.\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "s");
}

/** As OpenSSH shows it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** A key begins with the name of its kind (RFC 4253, 6.6). */
function kindOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  const kind = key.toString("latin1", 4, 4 + Math.min(length, 64));
  return /^[\w@.-]+$/.test(kind) ? kind : "of an unknown kind";
}

function refusal(found: string, hint: string): ProblemError {
  return new ProblemError(problem("SOURCE_IDENTITY", `${found}; no password or key of ours was sent`, [], hint));
}

import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { sizeText } from "../render/size.js";
import { type Finding, look, ok, wrong } from "./finding.js";

const MIB = 1 << 20;
/** Below this a run is likely to stop in the middle: its plan and its log need a few. */
const LEAST_FREE = 100 * MIB;
const LITTLE_FREE = 1024 * MIB;
/** A copy of the store must fit beside it, and what the next nights add. */
const STORES_FREE = 3;

/** The disk of the store, or of the folder that will hold it. */
export function checkDisk(store: string): Finding {
  const folder = nearestFolder(store);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const size = existsSync(store) ? statSync(store).size : 0;
  const found = `${sizeText(free)} free where the store is; it has ${sizeText(size)}`;
  if (free < LEAST_FREE) return wrong("disk", found, "make room; a run that finds no room stops, loses nothing and goes on with the next");
  if (free < Math.max(LITTLE_FREE, STORES_FREE * size)) return look("disk", found, "make room before it is needed");
  return ok("disk", found);
}

/** Who may read the store, and who may change what is posted. POSIX permissions only: elsewhere nothing is said. */
export function checkPermissions(store: string, files: readonly string[], platform: NodeJS.Platform = process.platform): Finding[] {
  const check = "permissions";
  const findings: Finding[] = [];
  const folder = nearestFolder(store);
  if (!isWritable(folder))
    findings.push(wrong(check, `\`${folder}\` cannot be written`, "the user of the runs must be able to write where the store is"));
  if (existsSync(store)) {
    if (!isWritable(store)) findings.push(wrong(check, `the store \`${store}\` cannot be written`, "give it to the user of the runs"));
    if (platform !== "win32" && (modeOf(store) & 0o077) !== 0)
      findings.push(look(check, `others may read or change the store \`${store}\``, `chmod 600 ${store}`));
  }
  if (platform !== "win32")
    for (const file of files) {
      if ((modeOf(file) & 0o002) === 0) continue;
      findings.push(look(check, `anybody on this machine may change \`${file}\`, and with it what is posted`, `chmod o-w ${file}`));
    }
  return findings.length > 0 ? findings : [ok(check, "the store is its owner's, and nobody else may change what is posted")];
}

function nearestFolder(file: string): string {
  let folder = dirname(file);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function modeOf(path: string): number {
  return statSync(path).mode;
}

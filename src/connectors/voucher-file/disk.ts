import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";

/** Every effect on the folder; each is one step between which the program or the machine can stop. */
export interface Disk {
  makeFolder(path: string): void;
  /** Writes a file that is not there yet, down to the disk. */
  create(path: string, content: Buffer, mode: number): void;
  /** Gives a file a second name; fails where that name is taken. */
  link(from: string, to: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Brings the names in a folder down to the disk. */
  syncFolder(path: string): void;
}

export const realDisk: Disk = {
  makeFolder(path) {
    mkdirSync(path, { recursive: true });
  },
  create(path, content, mode) {
    const file = openSync(path, "wx", mode);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  link: linkSync,
  rename: renameSync,
  remove: unlinkSync,
  syncFolder(path) {
    // Windows has no such call; its file systems keep the order of names themselves.
    if (process.platform === "win32") return;
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
};

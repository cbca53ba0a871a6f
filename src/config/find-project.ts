import { dirname, join, resolve } from "node:path";
import { isFile } from "./source-file.js";

/** The `sync.yaml` of the folder or of the nearest folder above it; in each also `pipelines/sync.yaml`. Null when there is none. */
export function findProject(startFolder: string): string | null {
  let folder = resolve(startFolder);
  for (;;) {
    for (const file of [join(folder, "sync.yaml"), join(folder, "pipelines", "sync.yaml")]) if (isFile(file)) return file;
    const parent = dirname(folder);
    if (parent === folder) return null;
    folder = parent;
  }
}

import { posix } from "node:path";
import type { ListedFile } from "./storage.js";

type Archiving = ({ readonly move: string } | { readonly mark: string }) & {
  /** A file whose name was archived before is not read. */
  readonly refusesSameName: boolean;
};

/** The names that go with a file: of the marker which says that it is complete, and of the place where it is kept once it was taken. */
export class Keeping {
  constructor(
    private readonly markerName: string | null,
    private readonly archive: Archiving | null,
  ) {}

  get archives(): boolean {
    return this.archive !== null;
  }

  get refusesSameName(): boolean {
    return this.archive?.refusesSameName ?? false;
  }

  get hasMarkers(): boolean {
    return this.markerName !== null;
  }

  markerOf(unit: string): string | null {
    if (this.markerName === null) return null;
    const { base, name } = posix.parse(unit);
    return posix.join(
      posix.dirname(unit),
      this.markerName.replaceAll("{file}", () => base).replaceAll("{name}", () => name),
    );
  }

  /** Where a file is kept. Numbers from 2 on are for names that are taken: `archive/a~2.csv`, `a.csv~2.done`. */
  placeOf(unit: string, number = 1): string {
    if (this.archive === null) throw new Error("bug: nothing is archived");
    const suffix = number === 1 ? "" : `~${number}`;
    if ("mark" in this.archive) return `${unit}${suffix}${this.archive.mark}`;
    const { dir, name, ext } = posix.parse(unit);
    return posix.join(this.archive.move, dir, `${name}${suffix}${ext}`);
  }

  /** Without markers, and without what is archived: `*` matches those too, and they must not be read as data. */
  dataAmong(files: readonly ListedFile[]): ListedFile[] {
    const markers = new Set(files.map(({ unit }) => this.markerOf(unit)));
    const { archive } = this;
    return files.filter(({ unit }) => {
      if (markers.has(unit)) return false;
      if (archive === null) return true;
      return "mark" in archive ? !unit.endsWith(archive.mark) : !unit.startsWith(`${archive.move}/`);
    });
  }
}

/** A longer line, in characters, is no record that a program wrote for another. */
export const MAX_LINE_LENGTH = 16 * 1024 * 1024;

/** Cuts text into lines, from pieces of any size. After `next()` has returned true the members describe that line. */
export class LineSplitter {
  /** From 1. */
  line = 0;
  /** Without its line break; of a line that is too long, its beginning. */
  text = "";
  isTooLong = false;

  private rest = "";
  private at = 0;
  private isLast = false;
  /** The end of an overlong line is passed over. */
  private isSkipping = false;

  push(text: string, isLast: boolean): void {
    this.rest = this.rest.slice(this.at) + text;
    this.at = 0;
    this.isLast = isLast;
  }

  /** Goes to the next line; false when more text is needed, or at the end. */
  next(): boolean {
    for (;;) {
      if (this.at >= this.rest.length) return false;
      const feed = this.rest.indexOf("\n", this.at);
      const end = feed === -1 ? this.rest.length : feed;
      const isOverlong = end - this.at > MAX_LINE_LENGTH;
      if (feed === -1 && !this.isLast && !isOverlong && !this.isSkipping) return false;
      const wasSkipping = this.isSkipping;
      this.isSkipping = feed === -1 && !this.isLast;
      const text = this.rest.slice(this.at, isOverlong ? this.at + MAX_LINE_LENGTH : end);
      this.at = feed === -1 ? end : feed + 1;
      if (wasSkipping) continue;
      this.line += 1;
      this.isTooLong = isOverlong;
      this.text = text.endsWith("\r") ? text.slice(0, -1) : text;
      return true;
    }
  }
}

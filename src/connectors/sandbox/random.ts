/** Chance from a seed: the same seed gives the same numbers on every machine (xorshift128, seeded by FNV-1a of the text). */
export class SeededRandom {
  private readonly words = new Uint32Array(4);

  constructor(seed: string) {
    for (let index = 0; index < 4; index += 1) this.words[index] = hash(`${seed}/${index}`);
    for (let warm = 0; warm < 16; warm += 1) this.next();
  }

  private next(): number {
    const { words } = this;
    let mixed = words[3] as number;
    const first = words[0] as number;
    words[3] = words[2] as number;
    words[2] = words[1] as number;
    words[1] = first;
    mixed ^= mixed << 11;
    mixed ^= mixed >>> 8;
    words[0] = mixed ^ first ^ (first >>> 19);
    return words[0] as number;
  }

  /** At least 0, less than 1. */
  fraction(): number {
    return this.next() / 0x1_0000_0000;
  }

  chance(share: number): boolean {
    return this.fraction() < share;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.between(0, values.length - 1)] as T;
  }

  digits(count: number): string {
    let text = "";
    for (let index = 0; index < count; index += 1) text += String(this.between(0, 9));
    return text;
  }
}

/** Never zero in all four words, because the words differ by their index. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

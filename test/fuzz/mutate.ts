import type { Random } from "../../fixtures/hesi/random.js";

/** Pieces that mean something in one of the formats, so that a mutation hits more than letters. */
const TOKENS = [
  ...[
    '"',
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\ufeff",
    "{",
    "}",
    "[",
    "]",
    ":",
    "\\",
    "\\u12",
    "null",
    "1e999999999",
    "-0",
    "NaN",
  ],
  ...[
    "<",
    ">",
    "/>",
    "</",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "&amp;",
    "&b;",
    "&#0;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<?xml version='1.0' encoding='gbk'?>",
  ],
  ...[
    '<row r="0">',
    '<c r="XFE1">',
    '<c r="A1" t="s"><v>999999999</v></c>',
    "<f>A1</f>",
    '<mergeCell ref="A1:XFD1048576"/>',
    "#REF!",
    "1E+308",
    "1E-308",
  ],
  ...["PK\x03\x04", "PK\x01\x02", "PK\x05\x06", "\xff\xff\xff\xff", "\x00\x00\x00\x00", "\x81\x30\x81\x30", "\xd6\xd0", "\x1f\x8b\x08"],
].map((token) => Buffer.from(token, "latin1"));

/** The content with a few things about it changed. */
export function mutated(content: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(content);
  for (let left = random.between(1, random.chance(0.3) ? 8 : 2); left > 0; left -= 1) bytes = once(bytes, others, random);
  return bytes;
}

function once(bytes: Buffer, others: readonly Buffer[], random: Random): Buffer {
  const at = random.between(0, bytes.length);
  const end = Math.min(bytes.length, at + random.between(1, random.chance(0.2) ? 2000 : 12));
  const put = (piece: Buffer, upTo = at): Buffer => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(upTo)]);
  switch (random.between(0, 6)) {
    case 0: {
      const changed = Buffer.from(bytes);
      if (at < changed.length) changed[at] = random.between(0, random.chance(0.2) ? 255 : 127);
      return changed;
    }
    case 1:
      return put(Buffer.alloc(0), end);
    case 2:
      return put(random.pick(TOKENS));
    case 3:
      return put(random.pick(TOKENS), end);
    case 4:
      return put(bytes.subarray(at, end));
    case 5:
      return random.chance(0.2) ? bytes.subarray(0, at) : put(Buffer.alloc(random.between(1, 3000), random.pick(TOKENS)));
    default: {
      const other = random.pick(others);
      const from = random.between(0, other.length);
      return put(other.subarray(from, from + random.between(1, 200)));
    }
  }
}

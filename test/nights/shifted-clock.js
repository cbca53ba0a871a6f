// Loaded before the program (`node --import`): its clock goes wrong by as many milliseconds as a file says at each moment, while that of the
// machine goes on. Waits take as long as ever.
import { readFileSync } from "node:fs";

const RealDate = Date;
const shift = () => Number(readFileSync(process.env.SYNC_TEST_CLOCK_SHIFT, "utf8"));

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + shift());
    else super(...given);
  }

  static now() {
    return RealDate.now() + shift();
  }
};

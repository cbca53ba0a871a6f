import { makeRoom, nurseryMiB } from "../../src/cli/room.js";

// A process of its own, because it changes how the whole process uses memory. Prints the nursery at the start and after each step.
const sizes = [nurseryMiB()];
for (const underWay of [999, 1_000, 1_000_000]) {
  makeRoom(underWay);
  sizes.push(nurseryMiB());
}
console.log(JSON.stringify(sizes));

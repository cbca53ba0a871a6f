import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { takeLease } from "../../src/run/lease.js";
import { Workplace } from "./workplace.js";

const MINUTE = 60_000;
let place: Workplace;
let beats: (() => void)[];
beforeEach(() => {
  place = new Workplace();
  beats = [];
});
afterEach(() => {
  place.dispose();
});

/** A run on a machine; what goes on beside it is called for each half minute that passes. */
const take = (host: string) =>
  takeLease(place.store, "p", {
    ...place.effects(),
    host,
    randomWord: () => host,
    every: (ms, work) => {
      expect(ms).toBe(MINUTE / 2);
      beats.push(work);
      return () => {
        beats = beats.filter((each) => each !== work);
      };
    },
  });

/** Passes them one half after the other, as a machine does that is awake. */
const wait = (minutes: number): void => {
  for (let half = 0; half < minutes * 2; half += 1) {
    place.minutesPass(0.5);
    for (const beat of beats) beat();
  }
};

describe("a lease", () => {
  test("seed 500264: is kept while a run waits long for one answer", () => {
    const lease = take("night");
    wait(50);
    expect(() => take("day")).toThrow(/another run holds `p`/);
    expect(lease.isHeld()).toBe(true);
    lease.ensure();
    wait(50);
    expect(() => take("day")).toThrow(/another run holds `p`/);
  });

  test("of a run that has done nothing for more than an hour goes to the next", () => {
    const lease = take("night");
    wait(63);
    take("day");
    expect(lease.isHeld()).toBe(false);
  });

  test("that another took meanwhile is not taken back by what goes on beside a run", () => {
    const slept = take("night");
    place.minutesPass(10);
    const other = take("day");
    wait(10);
    expect(other.isHeld()).toBe(true);
    expect(() => slept.write(() => undefined)).toThrow(/another run took over/);
    expect(() => slept.ensure()).toThrow(/another run took over/);
  });

  test("is no longer renewed when it was given back", () => {
    take("night").release();
    expect(beats).toEqual([]);
    expect(place.store.leases.list()).toEqual([]);
  });
});

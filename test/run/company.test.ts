import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { takeLease } from "../../src/run/lease.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  place.target.traits = { ...place.target.traits, company: "001" };
  place.export("a", "A,1,好,,10.00,6601");
});
afterEach(() => {
  place.dispose();
});

const holder = () => takeLease(place.store, "company 001", { ...place.effects(), pid: 815, randomWord: () => "other" });

describe("a company where only one run may write", () => {
  test("keeps a run of another pipeline waiting for its turn", async () => {
    const other = holder();
    let looks = 0;
    const outcome = await place.run({
      onSleep: () => {
        if (place.target.entries.length > 0) throw new Error("it did not wait");
        looks += 1;
        if (looks === 20) other.release();
      },
    });
    expect(looks).toBeGreaterThanOrEqual(20);
    expect(outcome.result).toMatchObject({ status: "done", counts: { posted: 1 } });
    expect(place.store.leases.list()).toEqual([]);
  });

  test("a run that waits for ten minutes sends nothing, and says who writes there", async () => {
    holder();
    const onSleep = (): void => {
      place.minutesPass(0.5);
      const until = new Date(place.now.getTime() + 120_000).toISOString();
      place.store.leases.renew("company 001", "other", place.now.toISOString(), until);
    };
    const { result } = await place.run({ onSleep });
    expect(result).toMatchObject({ status: "failed", counts: { posted: 0 } });
    expect(result.problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(/^STORE_BUSY: another run holds `company 001`: process 815 on night, since /),
    ]);
    expect(place.target.sent()).toEqual([]);
  });

  test("whose holder was killed is taken over at once", async () => {
    holder();
    place.alive = (pid) => pid !== 815;
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1 } });
  });

  test("a run that slept until another took the company sends nothing more", async () => {
    place.export("b", ...Array.from({ length: 100 }, (_, n) => `X${n},1,好,,1.00,6601`));
    let calls = 0;
    const post = place.target.post.bind(place.target);
    place.target.post = async (items) => {
      calls += 1;
      if (calls === 2) {
        place.minutesPass(5);
        place.store.leases.put({
          ...(place.store.leases.get("company 001") as NonNullable<ReturnType<typeof place.store.leases.get>>),
          owner: "other",
        });
      }
      return post(items);
    };
    const { result } = await place.run();
    expect(result.problems.map(({ code }) => code)).toEqual(["STORE_LEASE_LOST"]);
    expect(calls).toBe(2);
  });

  test("where nothing is to be sent, nobody waits", async () => {
    await place.run();
    holder();
    expect((await place.run()).result.status).toBe("done");
  });
});

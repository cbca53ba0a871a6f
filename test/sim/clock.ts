export interface Timer {
  at: number;
  readonly seq: number;
  readonly run: () => void;
}

/** Simulated time: it stands still while the program works and jumps to the next thing that is to happen. */
export class Clock {
  /** Milliseconds since 1970, of the world; what a process believes may differ. */
  now = Date.parse("2026-11-20T18:00:00.000Z");
  private readonly timers: Timer[] = [];
  private seq = 0;

  /** What is returned can still be moved, by giving it another time. */
  at(time: number, run: () => void): Timer {
    this.seq += 1;
    const timer = { at: Math.max(time, this.now), seq: this.seq, run };
    this.timers.push(timer);
    return timer;
  }

  /** Lets the next thing happen; false when nothing is to come. */
  step(): boolean {
    const [first] = this.timers;
    if (first === undefined) return false;
    let index = 0;
    let next = first;
    this.timers.forEach((timer, at) => {
      if (timer.at < next.at || (timer.at === next.at && timer.seq < next.seq)) {
        next = timer;
        index = at;
      }
    });
    this.timers.splice(index, 1);
    this.now = Math.max(this.now, next.at);
    next.run();
    return true;
  }
}

interface Clock {
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * A token bucket that holds one token: calls begin at least `1 / rate` seconds apart, in the order they asked, so that no second
 * ever sees more than the rate. Unused time is not saved up for a burst.
 */
export class Pace {
  private nextAt = Number.NEGATIVE_INFINITY;
  private waiting = 0;
  private readonly gapMs: number;

  constructor(
    callsPerSecond: number,
    private readonly clock: Clock,
  ) {
    this.gapMs = 1000 / callsPerSecond;
  }

  async turn(): Promise<void> {
    const now = this.clock.now().getTime();
    // A clock that was set back must not make everybody wait for the time it lost.
    const at = this.nextAt - now > (this.waiting + 1) * this.gapMs ? now : Math.max(now, this.nextAt);
    this.nextAt = at + this.gapMs;
    if (at <= now) return;
    this.waiting += 1;
    await this.clock.sleep(at - now);
    this.waiting -= 1;
  }
}

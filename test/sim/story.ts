/** What happened in one history, to be read by people, and the promises that were broken in it. */
export class Story {
  readonly lines: string[] = [];
  readonly violations: string[] = [];

  private toldAt = Number.NaN;
  private time = "";

  constructor(private readonly now: () => number) {}

  tell(line: string): void {
    const now = this.now();
    // Time stands still while the program works, so most lines are of the same moment as the one before.
    if (now !== this.toldAt) this.time = new Date(now).toISOString().slice(5, 23);
    this.toldAt = now;
    this.lines.push(`${this.time}  ${line}`);
  }

  violate(what: string): void {
    this.violations.push(what);
    this.tell(`VIOLATION ${what}`);
  }
}

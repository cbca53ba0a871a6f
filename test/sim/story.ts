/** What happened in one history, to be read by people, and the promises that were broken in it. */
export class Story {
  readonly lines: string[] = [];
  readonly violations: string[] = [];

  constructor(private readonly now: () => number) {}

  tell(line: string): void {
    this.lines.push(`${new Date(this.now()).toISOString().slice(5, 23)}  ${line}`);
  }

  violate(what: string): void {
    this.violations.push(what);
    this.tell(`VIOLATION ${what}`);
  }
}

import type { ProblemCode } from "../model/problem.js";

/** The smallest input that causes a problem, as a folder of fixtures/problems has it. */
export interface Example {
  /** What was run on it. */
  readonly command: string;
  /** What differs from a project without a mistake: of a file that is there too, only the part that differs. */
  readonly files: readonly ExampleFile[];
  /** What is printed about it. */
  readonly printed: string;
}

export interface ExampleFile {
  readonly name: string;
  /** The first line that is shown; 1 where the whole file is. */
  readonly from: number;
  readonly text: string;
}

export type Examples = Readonly<Partial<Record<ProblemCode, Example>>>;

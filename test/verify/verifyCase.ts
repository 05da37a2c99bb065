/**
 * Systems of a kind that people have, each with its right answer: a file or folder of cases/ is
 * given to the real command line.
 */
export interface VerifyCase {
  /** In cases/: a file or a folder. */
  readonly file: string;
  readonly exitCode: number;
  /** What the output, or standard error, must contain. */
  readonly says: readonly (string | RegExp)[];
  /** What stands after the path. */
  readonly args?: readonly string[];
}

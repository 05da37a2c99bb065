/** Something in a fleet file that is not allowed. A problem says where, what, and what is allowed. */
export interface Problem {
  /** The source's name, as it was given. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** KIND/NAME; absent where the file can't be read that far. */
  readonly object?: string;
  /** `spec.pool.max`; absent when it concerns the whole object or file. */
  readonly field?: string;
  /** `found "abc"`, `unknown field`, `missing`; absent where `allowed` alone says all. */
  readonly found?: string;
  /** What is allowed, or what to do: `must be …`, `did you mean …?`. */
  readonly allowed: string;
}

/** One line for people: `fleet.yaml:12:9: McpServer/author: spec.port: found 0; must be …`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, object, field, found, allowed } = problem;
  const place = [`${file}:${line}:${column}`, object, field].filter((part) => part !== undefined);
  const text = found === undefined ? allowed : `${found}; ${allowed}`;
  return `${place.join(": ")}: ${text}`;
}

/** Orders problems of one file as they are met when reading it. */
export function byPosition(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}

/** One thing that happened. */
export interface PoolLogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly [field: string]: string | number;
}

/** The log of a pool. */
export type PoolLog = (line: PoolLogLine) => void;

/** One line of JSON on standard error. */
export const logToStderr: PoolLog = (line) => {
  process.stderr.write(`${JSON.stringify({ name: "@weir-dev/pool", ...line })}\n`);
};

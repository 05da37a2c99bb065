import type { FileResult, Results } from "./results.ts";

/** Not more than fit on a screen or two; but every file is named. */
const MOST_FAILURES = 20;
const MOST_OF_A_FILE = 3;

/** What more there is to say of a file, by its path. */
type Remarks = ReadonlyMap<string, readonly string[]>;

/**
 * What a run that failed says in its last lines: the files with the tests in them that failed, each
 * with its error, and how to run the file alone. Nothing where nothing failed.
 */
export function failureLines(
  { files, errorsBeside }: Omit<Results, "isInterrupted">,
  remarks: Remarks = new Map(),
): string[] {
  const failed = files.filter((file) => file.failed > 0);
  // Of many files a little each, rather than all of the first.
  const share = Math.max(1, Math.min(MOST_OF_A_FILE, Math.floor(MOST_FAILURES / failed.length)));
  const beside = errorsBeside.slice(0, MOST_FAILURES);
  const lines = beside.length === 0 ? [] : ["  outside of the test files"];
  lines.push(...beside.flatMap((error) => indented(error, 4)));

  let told = beside.length;
  let left = MOST_FAILURES;
  for (const file of failed) {
    const shown = file.failures.slice(0, Math.min(share, left));
    left -= shown.length;
    told += shown.length;
    lines.push(`  ${file.path} (${file.failed} failed): ${commandAlone(file)}`);
    for (const { test, error } of shown) lines.push(`    ${test}`, ...indented(error, 6));
    lines.push(...(remarks.get(file.path) ?? []).flatMap((remark) => indented(remark, 4)));
  }
  const all = failed.reduce((sum, file) => sum + file.failed, errorsBeside.length);
  if (all > told) lines.push(`  and ${all - told} more`);
  return lines;
}

export function indented(text: string, columns: number): string[] {
  return text.split("\n").map((line) => `${" ".repeat(columns)}${line}`);
}

function commandAlone({ path }: FileResult): string {
  return `npx vitest run ${path}`;
}

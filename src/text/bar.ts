import type { Page, Style } from "./paint.ts";

/** A part of a bar: so large, drawn so. */
export interface BarSegment {
  readonly size: number;
  readonly mark: string;
  readonly style: Style;
}

/** Wider than this a bar shows nothing more. */
const BAR_COLUMNS_MAX = 80;

/** A line with the segments side by side, indented by two, each as long as its part of them all. */
export function bar(segments: readonly BarSegment[], page: Page): string {
  const width = Math.min(BAR_COLUMNS_MAX, page.columns - 4);
  const total = segments.reduce((sum, { size }) => sum + size, 0);
  let sizes = 0;
  let drawn = 0;
  const marks = segments.map(({ size, mark, style }) => {
    sizes += size;
    const end = Math.round((sizes / Math.max(1, total)) * width);
    const columns = end - drawn;
    drawn = end;
    return style(mark.repeat(columns));
  });
  return `  ${marks.join("")}`;
}

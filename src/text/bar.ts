import type { Style } from "./paint.ts";

/** A part of a bar: so large, drawn so. */
export interface BarSegment {
  readonly size: number;
  readonly mark: string;
  readonly style: Style;
}

/** The segments side by side in `width` columns, each as long as its part of them all. */
export function bar(segments: readonly BarSegment[], width: number): string {
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
  return marks.join("");
}

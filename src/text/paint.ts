/** How a piece of text looks on a terminal; where there is no colour it stays as it is. */
export type Style = (text: string) => string;

/** The styles of an output that shows colour, or that does not. */
export interface Paint {
  readonly bold: Style;
  readonly dim: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly warn: Style;
  /** Two that differ, for neighbours in a bar. */
  readonly server: Style;
  readonly otherServer: Style;
}

/** The terminal or file that a text is shown on. */
export interface Screen {
  readonly colour: boolean;
  readonly columns: number;
}

/** The layout of a report: a screen that is wide enough to align columns. */
export interface Page {
  readonly columns: number;
  readonly paint: Paint;
}

/** Below this nothing can be aligned. */
const COLUMNS_MIN = 40;

export function pageFor({ colour, columns }: Screen): Page {
  return { columns: Math.max(COLUMNS_MIN, columns), paint: paintFor(colour) };
}

export function paintFor(colour: boolean): Paint {
  const style =
    (on: number, off: number): Style =>
    (text) =>
      colour && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    good: style(32, 39),
    bad: style(31, 39),
    warn: style(33, 39),
    server: style(36, 39),
    otherServer: style(34, 39),
  };
}

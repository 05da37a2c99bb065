/** How a text looks on a terminal; where there is no colour every brush leaves it as it is. */
export interface Paint {
  readonly bold: Brush;
  readonly dim: Brush;
  readonly good: Brush;
  readonly bad: Brush;
  readonly warn: Brush;
  /** Two that differ, for neighbours in the bar. */
  readonly server: Brush;
  readonly otherServer: Brush;
}

export type Brush = (text: string) => string;

/** The brushes for an output that shows colour, or that does not. */
export function paintFor(colour: boolean): Paint {
  const brush =
    (on: number, off: number): Brush =>
    (text) =>
      colour && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: brush(1, 22),
    dim: brush(2, 22),
    good: brush(32, 39),
    bad: brush(31, 39),
    warn: brush(33, 39),
    server: brush(36, 39),
    otherServer: brush(34, 39),
  };
}

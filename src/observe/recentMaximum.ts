/** The most that a count was in the last milliseconds. */
export function recentMaximum(windowMs: number): {
  /** @returns the maximum, this one included */
  readonly add: (count: number, atMs: number) => number;
} {
  let recent: readonly { readonly count: number; readonly atMs: number }[] = [];
  return {
    add: (count, atMs) => {
      recent = [...recent.filter((each) => atMs - each.atMs < windowMs), { count, atMs }];
      return Math.max(...recent.map((each) => each.count));
    },
  };
}

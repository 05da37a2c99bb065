/**
 * The order of names: by UTF-16 code units, the same on every machine. A locale's order would make
 * the plan depend on where it was made.
 */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares anything by the names that `nameOf` gives it, the first that differs deciding. */
export function byNames<T>(nameOf: (item: T) => readonly string[]): (a: T, b: T) => number {
  return (a, b) => {
    const right = nameOf(b);
    for (const [index, name] of nameOf(a).entries()) {
      const order = byCodeUnit(name, right[index] ?? "");
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** Things that are watched, by what tells one from another. */
export interface Pollers<T extends { readonly stop: () => Promise<void> }> {
  readonly get: (key: string) => T | undefined;
  /** Starts what is missing, and stops all that is not among these. */
  readonly reconcile: (wanted: ReadonlyMap<string, () => T>) => void;
  /** Every one that was ever started has ended. */
  readonly stop: () => Promise<void>;
}

export function pollers<T extends { readonly stop: () => Promise<void> }>(): Pollers<T> {
  const running = new Map<string, T>();
  const stopping = new Set<Promise<void>>();

  const end = (key: string, watch: T) => {
    running.delete(key);
    const ending = watch.stop().finally(() => stopping.delete(ending));
    stopping.add(ending);
  };
  return {
    get: (key) => running.get(key),
    reconcile: (wanted) => {
      for (const [key, watch] of running) if (!wanted.has(key)) end(key, watch);
      for (const [key, start] of wanted) if (!running.has(key)) running.set(key, start());
    },
    stop: async () => {
      for (const [key, watch] of running) end(key, watch);
      await Promise.all(stopping);
    },
  };
}

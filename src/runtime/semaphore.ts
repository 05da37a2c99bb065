/** Lets so many at a time do something; the others wait in the order in which they came. */
export interface Semaphore {
  readonly acquire: <T>(work: () => Promise<T>) => Promise<T>;
}

export function semaphore(most: number): Semaphore {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return {
    acquire: async (work) => {
      if (underWay >= most) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      } else {
        underWay += 1;
      }
      try {
        return await work();
      } finally {
        // The next one that waits gets this place.
        const next = waiting.shift();
        if (next === undefined) underWay -= 1;
        else next();
      }
    },
  };
}

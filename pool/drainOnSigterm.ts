const SIGNAL = "SIGTERM";

/**
 * Drains when the process is asked to end, and lets it end after that. Where the server listens to
 * the signal too, when to end is its own business.
 *
 * @returns to stop listening
 */
export function drainOnSigterm(drain: () => Promise<void>): () => void {
  let asked = false;
  const stop = () => {
    process.off(SIGNAL, onSignal);
  };
  const onSignal = () => {
    if (asked) return;
    asked = true;
    const isAlone = process.listenerCount(SIGNAL) === 1;
    void drain().finally(() => {
      stop();
      // Without a listener the signal ends the process, as it would have done without a pool.
      if (isAlone) process.kill(process.pid, SIGNAL);
    });
  };
  // Before all others: one that listens once is not counted any more after its turn.
  process.prependListener(SIGNAL, onSignal);
  return stop;
}

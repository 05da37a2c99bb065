const SIGNAL = "SIGTERM";
/** What a shell says of a process that this signal ended. */
const EXIT_CODE = 128 + 15;

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
      if (isAlone) endProcess();
    });
  };
  // Before all others: a listener of `once` is not counted any more after its turn.
  process.prependListener(SIGNAL, onSignal);
  return stop;
}

/** As the signal would have done without a pool. */
function endProcess(): void {
  process.kill(process.pid, SIGNAL);
  // A container's first process gets no signal that it does not listen to, not even its own.
  if (process.listenerCount(SIGNAL) === 0) process.exit(EXIT_CODE);
}

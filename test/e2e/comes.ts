import { expect, vi } from "vitest";

/** How long something that has to come may take: two cores may have other things to do. */
const PATIENCE_S = 600;
const WITHIN = { timeout: PATIENCE_S * 1000, interval: 250 };

/** The same for kubectl. */
export const PATIENTLY = `--timeout=${PATIENCE_S}s`;

/** Waits until what is looked at is as expected. Stories run side by side: `expect.poll` can't. */
export async function comes<T>(look: () => T | Promise<T>, expected: unknown): Promise<void> {
  await vi.waitFor(async () => expect(await look()).toEqual(expected), WITHIN);
}

/**
 * Asks until there is an answer: in a cluster that is busy a connection may break.
 *
 * @param ask does no more when it is done twice than once
 */
export async function answered<T>(ask: () => Promise<T>): Promise<T> {
  return vi.waitFor(ask, WITHIN);
}

import { expect, vi } from "vitest";

/** How long something that has to come may take: two cores may have other things to do. */
const WITHIN = { timeout: 600_000, interval: 250 };

/** Waits until what is looked at is as expected. Stories run side by side: `expect.poll` can't. */
export async function comes<T>(look: () => T | Promise<T>, expected: unknown): Promise<void> {
  await vi.waitFor(async () => expect(await look()).toEqual(expected), WITHIN);
}

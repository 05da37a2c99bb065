import { z } from "zod";

/**
 * A text that Postgres can keep: any but one with the character of number 0.
 *
 * @param most characters
 */
export function text(most: number, least = 0) {
  return z
    .string()
    .min(least)
    .max(most)
    .refine((value) => !value.includes("\0"), "must not contain the character U+0000");
}

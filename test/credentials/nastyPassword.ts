import * as fc from "fast-check";

/** What means something to YAML, a shell, SQL, a URL, an ini or a template. */
const SIGNS = Array.from("@/:%'\"\\`$#&*!|>?{}[]()=,;~^ \t-._é€\u{1f511}");
const NASTY = [...SIGNS, "''", "$$", "{{", "%s", "\\n"];

/** Part of most passwords, and of no other text. */
const MARK = "xK9";

const nastyText = fc.string({ unit: fc.constantFrom(...NASTY), maxLength: 12 });

/** Passwords that people have: nasty in every place that one could get into. */
export const nastyPassword: fc.Arbitrary<string> = fc
  .tuple(nastyText, nastyText)
  .map(([before, after]) => `${before}${MARK}${after}`);

/** Passwords that no userlist carries. */
export const uselessPassword: fc.Arbitrary<string> = fc.oneof(
  nastyPassword.map((password) => `${password}\n`),
  fc.tuple(nastyPassword, nastyPassword).map(([a, b]) => `${a}\r\n${b}`),
  fc.constant(`md5${"0a".repeat(16)}`),
  nastyPassword.map((password) => password.repeat(700)),
);

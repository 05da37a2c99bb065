import { expect, it } from "vitest";
import { Template } from "../../template.ts";
import { shellCommands, type ShellCommand } from "./shell.ts";

/** `a;b` one after another, `a&;b` at once with what follows, `a|b` a pipeline, `*(a)` a loop. */
function shape(command: ShellCommand): string {
  if (command.kind === "words") {
    return command.words.map((word) => word.known ?? "?").join(" ");
  }
  if (command.kind === "loop") return `*(${shape(command.body)})`;
  if (command.kind === "pipeline") return `(${command.commands.map(shape).join("|")})`;
  const steps = command.steps.map((one) => shape(one.command) + (one.isInBackground ? "&" : ""));
  return steps.length === 1 ? (steps[0] ?? "") : `(${steps.join(";")})`;
}

it.each([
  ["a b; c", "(a b;c)"],
  ["a && b || c\nd", "((a;b;c);d)"],
  ["a & b & wait", "(a&;b&;wait)"],
  ["a | b |& c", "(a|b|c)"],
  ["A=1 B='x y' a b", "a b"],
  ["a 'b; c' \"d & e\" f\\ g", "a b; c d & e f g"],
  ["a >f 2>&1 <g &>h b", "a b"],
  ["a # b; c\n# d & e\nf", "(a;f)"],
  ["a \\\n  b", "a b"],
  ["cat <<EOF >f && a\nb & c\nEOF\nd", "((cat;a);d)"],
  ["if a; then b; else c & fi; d", "((a;b;c&);d)"],
  ["while a; do b; done & c", "(*((a;b))&;c)"],
  ["for x in 1 2; do a & done", "*(a&)"],
  ["case $1 in a) b ;; *) c & ;; esac; d", "((b;c&);d)"],
  ["(a; b) & { c; d; }", "((a;b)&;(c;d))"],
  ["f() { a & }; f; f", "(();a&;a&)"],
  ["function f { a; }\nf", "(();a)"],
  ["a $(b c) `d`", "(b c;d;a $(b c) `d`)"],
  ["export A=$(b)", "(b;export A=$(b))"],
  ["a $((1 + 2))", "a $((1 + 2))"],
  ["! a; time b", "(a;b)"],
  ["a\n-b c", "a -b c"],
  ['exec "$@"', "exec x y"],
  ["", "()"],
])("%j is %s", (script, expected) => {
  const args = ["x", "y"].map((text) => Template.of(text));
  expect(shape(shellCommands(Template.of(script), args))).toBe(expected);
});

it.each([
  ")",
  "((((",
  "}",
  "done",
  "if",
  "case",
  "case a in",
  "f() f",
  "a '",
  "&& ;",
  "{ ".repeat(99),
])("what no shell takes is read all the same: %j", (script) => {
  expect(() => shellCommands(Template.of(script))).not.toThrow();
});

import { expect, test } from "vitest";
import { Template } from "../template.ts";
import { commandWords, interpolated } from "./variables.ts";

const SET = new Map([
  ["USER", "author"],
  ["EMPTY", ""],
]);

function valueOf(name: string): Template | undefined {
  const value = SET.get(name);
  return value === undefined ? undefined : Template.of(value);
}

test.each([
  ["plain", "plain"],
  ["$USER@${USER}", "author@author"],
  ["$ABSENT-${ABSENT}", "variable ABSENT-variable ABSENT"],
  ["${ABSENT:-other}${EMPTY:-other}", "otherother"],
  ["${ABSENT-other}${EMPTY-other}", "other"],
  ["${USER:-other}${USER-other}", "authorauthor"],
  ["${USER:+set}${EMPTY:+set}${EMPTY+set}${ABSENT+set}", "setsetvariable ABSENT"],
  ["${USER:?must be set}${ABSENT?must}", "authorvariable ABSENT"],
  ["${ABSENT:-${USER:-x}/$USER}", "author/author"],
  ["$$USER $${USER} $$", "$USER ${USER} $"],
  ["100$ ${ $- ${-}", "100$ ${ $- ${-}"],
])("%s is %s", (text, expected) => {
  expect(interpolated(text, valueOf).render()).toBe(expected);
});

test.each([
  ["a  b\tc\n", ["a", "b", "c"]],
  [`sh -c "a && b \\"c\\" $x" ''`, ["sh", "-c", 'a && b "c" $x', ""]],
  [`a'b c'"d e"\\ f g`, ["ab cd e f", "g"]],
  [`'a\\b' "a\\b"`, ["a\\b", "a\\b"]],
  ["", []],
])("the words of %j", (text, words) => {
  expect(commandWords(Template.of(text)).map((word) => word.render())).toEqual(words);
});

test("a part of a word that is unknown stays in it", () => {
  const text = Template.join([
    Template.of("run --port "),
    Template.unknown("a b"),
    Template.of("1"),
  ]);
  expect(commandWords(text).map((word) => word.render())).toEqual(["run", "--port", "a b1"]);
});

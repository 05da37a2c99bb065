import { expect, test } from "vitest";
import { interpolated } from "./variables.ts";

const SET = new Map([
  ["USER", "author"],
  ["EMPTY", ""],
]);

test.each([
  ["plain", "plain"],
  ["$USER@${USER}", "author@author"],
  ["$ABSENT-${ABSENT}", "-"],
  ["${ABSENT:-other}${EMPTY:-other}", "otherother"],
  ["${ABSENT-other}${EMPTY-other}", "other"],
  ["${USER:-other}${USER-other}", "authorauthor"],
  ["${USER:+set}${EMPTY:+set}${EMPTY+set}${ABSENT+set}", "setset"],
  ["${USER:?must be set}${ABSENT?must}", "author"],
  ["${ABSENT:-${USER:-x}/$USER}", "author/author"],
  ["$$USER $${USER} $$", "$USER ${USER} $"],
  ["100$ ${ $- ${-}", "100$ ${ $- ${-}"],
])("%s is %s", (text, expected) => {
  expect(interpolated(text, (name) => SET.get(name))).toBe(expected);
});

import { expect, it } from "vitest";
import { Template } from "../template.ts";
import { envVariables } from "./envFile.ts";

const OUTER: Readonly<Record<string, string>> = { OUT: "outside", BOTH: "outside" };

function outer(name: string): Template | undefined {
  const value = OUTER[name];
  return value === undefined ? undefined : Template.of(value);
}

function read(text: string): Readonly<Record<string, string>> {
  const before = new Map([["BEFORE", Template.of("before")]]);
  return Object.fromEntries(
    [...envVariables(text, outer, before)].map(([name, value]) => [name, value.render()]),
  );
}

it.each([
  ["A=1\nB=$A\n\n  export C=${B}2 ", { A: "1", B: "1", C: "12" }],
  ["Z=z\nA=$Z", { Z: "z", A: "z" }],
  ["A=$BEFORE\nBOTH=file\nB=$BOTH", { A: "before", BOTH: "file", B: "outside" }],
  ["A='$OUT \\' \\n'\nB=x", { A: "$OUT ' \\n", B: "x" }],
  ['A="$OUT \\$OUT \\" \\n \\101 \\0101"', { A: 'outside $OUT " \n \\101 A' }],
  ['A="l1\nl2" # more\nB=x', { A: "l1\nl2", B: "x" }],
  ["A=x#y\nB=x # y\n# C=c\nD=\nE= #e", { A: "x#y", B: "x", D: "", E: "#e" }],
  ["A: yaml\nB.b-c[0] = d", { A: "yaml", "B.b-c[0]": "d" }],
  ["OUT\nNOWHERE\nA=a", { OUT: "outside", NOWHERE: "variable NOWHERE", A: "a" }],
  ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["A=$NOWHERE", { A: "variable NOWHERE" }],
  ["no line of it!\nA='open\nB=2\n\n", { B: "2" }],
  ["", {}],
])("reads %j", (text, variables) => {
  expect(read(text)).toEqual(variables);
});

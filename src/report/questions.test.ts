import { expect, it, test } from "vitest";
import { missing, objectNamed } from "../../test/verify/systemOf.ts";
import type { MissingQuantity } from "../verify/quantity.ts";
import { groupedQuestions } from "./questions.ts";

/** What is missing of a container in a Deployment that has these. */
function ofContainer(
  name: string,
  container: string,
  {
    all = [container],
    text = "how much container NAME opens",
    ...more
  }: Partial<MissingQuantity> & { readonly all?: readonly string[]; readonly text?: string } = {},
): MissingQuantity {
  const containers = all.map((one) => ({ name: one }));
  const value = { spec: { template: { spec: { containers } } } };
  const object = { ...objectNamed("Deployment", name), value };
  const path = ["spec", "template", "spec", "containers", all.indexOf(container)];
  const form = all.length === 1 ? "N" : `${container}=N`;
  const answer = {
    object: `Deployment shop/${name}`,
    annotation: "weir.dev/pool-max",
    value: form,
  };
  const what = text.replace("NAME", container);
  return { ...missing(what), remedy: "annotate it", place: { object, path }, answer, ...more };
}

it("is one question for all that lack the same, with one option to copy", () => {
  const [question, ...more] = groupedQuestions(
    ["t1", "t10"].map((name) => ofContainer(name, name)),
  );
  expect(more).toEqual([]);
  expect(question).toMatchObject({
    what: "how much its container opens",
    options: ["--annotate 'Deployment shop/t1,t10:weir.dev/pool-max=N'"],
  });
  expect(question?.places).toHaveLength(2);
});

test("one that nobody shares stays as it is", () => {
  expect(groupedQuestions([ofContainer("api", "web")])).toMatchObject([
    {
      what: "how much container web opens",
      options: ["--annotate 'Deployment shop/api:weir.dev/pool-max=N'"],
    },
  ]);
});

test.each([
  ["another text", { text: "what container NAME does" }],
  ["another number that is assumed", { assumed: 2 }],
  ["another container of that text", { text: "how much container NAME-2 opens" }],
])("%s is another question", (_, other) => {
  expect(groupedQuestions([ofContainer("a", "a"), ofContainer("b", "b", other)])).toHaveLength(2);
});

test("containers of one object are answered together, and what is assumed is confirmed", () => {
  const all = ["web", "N"];
  const asked = all.map((container) => ofContainer("api", container, { all }));
  expect(groupedQuestions(asked).flatMap(({ options }) => options)).toEqual([
    "--annotate 'Deployment shop/api:weir.dev/pool-max=web=N,N=N'",
  ]);
  const assumed = asked.map((one) => ({ ...one, assumed: 1 }));
  expect(groupedQuestions(assumed).flatMap(({ options }) => options)).toEqual([
    "--annotate 'Deployment shop/api:weir.dev/pool-max=web=1,N=1'",
  ]);
});

function rendered(name: string): MissingQuantity {
  const remedy = `give what it makes too (helm template ${name} CHART --namespace shop), or more`;
  return ofContainer(name, "web", { remedy });
}

test("the command that renders an object names it only where it is asked alone", () => {
  expect(groupedQuestions([rendered("a")])[0]?.remedy).toContain("(helm template a CHART");
  expect(groupedQuestions([rendered("a"), rendered("b")]).map(({ remedy }) => remedy)).toEqual([
    "give what it makes too (helm template NAME CHART --namespace NAMESPACE), or more",
  ]);
});

/** What is missing of a container whose host is hidden. */
function hidden(name: string, variable: string, secret: string): MissingQuantity {
  const text = `where ${variable} of Deployment shop/${name} leads: Secret shop/${secret} is not among the objects`;
  return ofContainer(name, "web", { text });
}

test.each([
  [
    "the same in variables with names of their own",
    [hidden("a", "A_HOST", "db host"), hidden("b", "PGHOST", "db host")],
    [
      "where a variable (A_HOST and PGHOST) of its Deployment leads: Secret shop/db host is not among the objects",
    ],
  ],
  [
    "the same in one variable",
    [hidden("a", "PGHOST", "db host"), hidden("b", "PGHOST", "db host")],
    ["where PGHOST of its Deployment leads: Secret shop/db host is not among the objects"],
  ],
  [
    "the same of a store in Secrets of their own",
    [hidden("a", "A_HOST", "a {{ .HOST }}"), hidden("b", "B_HOST", "b {{ .HOST }}")],
    [
      "where a variable (A_HOST and B_HOST) of its Deployment leads: {{ .HOST }} of its Secret is not among the objects",
    ],
  ],
  [
    "what differs in a store",
    [hidden("a", "PGHOST", "a {{ .HOST }}"), hidden("b", "PGHOST", "b {{ .READER }}")],
    [
      "where PGHOST of Deployment shop/a leads: Secret shop/a {{ .HOST }} is not among the objects",
      "where PGHOST of Deployment shop/b leads: Secret shop/b {{ .READER }} is not among the objects",
    ],
  ],
])("asks once for %s", (_, asked, whats) => {
  expect(groupedQuestions(asked).map(({ what }) => what)).toEqual(whats);
});

test("objects of several kinds are one question", () => {
  const [a, b] = [ofContainer("a", "web"), ofContainer("b", "web")];
  const object = { ...b.place.object, kind: "StatefulSet" };
  const asked = [
    { ...a, what: "how many pods Deployment shop/a has" },
    { ...b, what: "how many pods StatefulSet shop/b has", place: { ...b.place, object } },
  ];
  expect(groupedQuestions(asked).map(({ what }) => what)).toEqual([
    "how many pods its Deployment or StatefulSet has",
  ]);
});

test("programs that differ have an option each where they are not assumed alike", () => {
  const asked = ["api", "api", "postgres-exporter"].map((program, index) => {
    const one = ofContainer(`t${index}`, "web");
    return { ...one, ...(one.answer && { answer: { ...one.answer, program } }) };
  });
  expect(groupedQuestions(asked).map(({ options }) => options)).toEqual([
    [
      "--annotate 'Deployment shop/t0,t1:weir.dev/pool-max=N'",
      "--annotate 'Deployment shop/t2:weir.dev/pool-max=N'",
    ],
  ]);
  const assumed = asked.map((one) => ({ ...one, assumed: 1 }));
  expect(groupedQuestions(assumed).map(({ options }) => options)).toEqual([
    ["--annotate 'Deployment shop/t0,t1,t2:weir.dev/pool-max=1'"],
  ]);
});

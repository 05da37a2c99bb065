import { expect, test } from "vitest";
import { annotationOverrides } from "./verify.ts";

const OBJECTS = new Set(["Deployment shop/api", "StatefulSet shop/pgbouncer"]);

test("what is said stands by object and annotation, the last one where two say the same", () => {
  const options = [
    "Deployment shop/api:weir.dev/pool-max=20",
    "Deployment shop/api:weir.dev/connects-to=pg:5432/shop?user=api",
    "StatefulSet shop/pgbouncer:weir.dev/reserve=consoles=3,logins=0",
    "Deployment shop/api:weir.dev/pool-max=server=10,worker=5",
  ];
  expect(annotationOverrides(options, OBJECTS)).toEqual(
    new Map([
      [
        "Deployment shop/api",
        new Map([
          ["weir.dev/pool-max", "server=10,worker=5"],
          ["weir.dev/connects-to", "pg:5432/shop?user=api"],
        ]),
      ],
      ["StatefulSet shop/pgbouncer", new Map([["weir.dev/reserve", "consoles=3,logins=0"]])],
    ]),
  );
});

test("options for several containers of one object stand together, the last one first", () => {
  const options = ["server=5", "worker=2", "server=6"].map(
    (value) => `Deployment shop/api:weir.dev/pool-max=${value}`,
  );
  expect(annotationOverrides(options, OBJECTS).get("Deployment shop/api")).toEqual(
    new Map([["weir.dev/pool-max", "server=6,worker=2,server=5"]]),
  );
});

test("names with commas are of several objects", () => {
  const objects = new Set(["Deployment shop/a", "Deployment shop/b", "Deployment shop/c"]);
  const pool = new Map([["weir.dev/pool-max", "3"]]);
  expect(annotationOverrides(["Deployment shop/a,b:weir.dev/pool-max=3"], objects)).toEqual(
    new Map([
      ["Deployment shop/a", pool],
      ["Deployment shop/b", pool],
    ]),
  );
  const services = new Set(["service a", "service b"]);
  for (const names of ["service a,b", "service a,service b"]) {
    expect(annotationOverrides([`${names}:weir.dev/pool-max=3`], services)).toEqual(
      new Map([
        ["service a", pool],
        ["service b", pool],
      ]),
    );
  }
  expect(() => annotationOverrides(["Deployment shop/a,d:weir.dev/pool-max=3"], objects)).toThrow(
    "there is no Deployment shop/d",
  );
});

test.each([
  ["pool-max", ["abc", "0", "server=5,3", "server=x", ""], ["5", "server=5,worker=2"]],
  ["processes-per-pod", ["-1", "many"], ["1"]],
  ["pods", ["some"], ["0", "12"]],
  ["postgres-connections", ["80%"], ["80"]],
  ["available-connections", ["100 - 3"], ["97"]],
  ["reserve", ["9", "console=2", "logins=x"], ["logins=0", "consoles=2,logins=4"]],
  [
    "connects-to",
    ["", "pg/a,server=pg/b", "server=host:port/database?user=login"],
    ["none", "pg:5432/a?user=b", "server=pg/a,b=none"],
  ],
])("a value of weir.dev/%s is one that it can have", (annotation, bad, good) => {
  const given = (value: string) => () =>
    annotationOverrides([`Deployment shop/api:weir.dev/${annotation}=${value}`], OBJECTS);
  for (const value of bad) expect(given(value)).toThrow("must be");
  for (const value of good) expect(given(value)).not.toThrow();
});

test.each([
  [
    "Deployment shop/apo:weir.dev/pool-max=20",
    "--annotate: there is no Deployment shop/apo; did you mean Deployment shop/api?",
  ],
  ["Job a/b:weir.dev/pool-max=20", "--annotate: there is no Job a/b"],
  ["api:weir.dev/pool-max=20", "there is no api; did you mean Deployment shop/api?"],
  [
    "cron:weir.dev/pool-max=20",
    "there is no cron; an object is written as KIND NAMESPACE/NAME, in a compose file as service NAME",
  ],
  [
    "Deployment shop/api:pool-max=20",
    "--annotate: weir reads no annotation pool-max; did you mean weir.dev/pool-max?",
  ],
  [
    "Deployment shop/api:weir.dev/poolmax=20",
    "--annotate: weir reads no annotation weir.dev/poolmax; did you mean weir.dev/pool-max?",
  ],
  [
    "weir.dev/pool-max=20",
    `--annotate: found "weir.dev/pool-max=20"; must be 'KIND NAMESPACE/NAME:ANNOTATION=VALUE', such as 'Deployment writing/author:weir.dev/pool-max=20'`,
  ],
])("%s is refused, with the nearest that there is", (option, message) => {
  expect(() => annotationOverrides([option], OBJECTS)).toThrow(message);
});

test("all mistakes of several options are told at once", () => {
  const options = ["Job a/b:weir.dev/pool-max=x", "Deployment shop/api:weir.dev/pods=two"];
  expect(() => annotationOverrides(options, OBJECTS)).toThrow(
    [
      '--annotate: weir.dev/pool-max: found "x"; must be a whole number from 1, such as 20, or server=20,worker=5',
      '--annotate: weir.dev/pods: found "two"; must be a whole number, such as 20',
      "--annotate: there is no Job a/b",
    ].join("\n"),
  );
});

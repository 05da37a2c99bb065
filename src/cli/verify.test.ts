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

test.each([
  [
    "Deployment shop/apo:weir.dev/pool-max=20",
    "--annotate: there is no Deployment shop/apo; did you mean Deployment shop/api?",
  ],
  ["Job a/b:weir.dev/pool-max=20", "--annotate: there is no Job a/b"],
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

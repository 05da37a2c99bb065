import { expect, test } from "vitest";
import { containerIds, inspectedContainers } from "./composeContainers.ts";

const PS = [
  { ID: "1c5d", Name: "shop-author-1", Service: "author", State: "running", Health: "" },
  { ID: "2e6f", Name: "shop-scene-1", Service: "scene", State: "exited" },
];

test("ids, as docker compose prints them: a list, or since 2.21 a line for each", () => {
  const lines = PS.map((each) => `${JSON.stringify(each)}\n`).join("");
  expect(containerIds(JSON.stringify(PS))).toEqual(["1c5d", "2e6f"]);
  expect(containerIds(lines)).toEqual(["1c5d", "2e6f"]);
  expect([containerIds(""), containerIds("[]")]).toEqual([[], []]);
});

test.each(["no such command", "{", "[1]"])("%j is no list of containers", (text) => {
  expect(() => containerIds(text)).toThrow("docker compose ps printed no JSON that can be read");
});

/** What `docker inspect` documents, without what is not read. */
function inspected(service: string, state: object, networks: object): object {
  return {
    Id: "1c5d",
    Name: `/shop-${service}-1`,
    State: state,
    Config: { Labels: { "com.docker.compose.service": service } },
    NetworkSettings: { Networks: networks },
  };
}

test("containers that run, with their addresses on all networks", () => {
  const inspect = [
    inspected(
      "author",
      { Status: "running", Running: true },
      {
        front: { IPAddress: "172.18.0.3", GlobalIPv6Address: "" },
        back: { IPAddress: "172.19.0.3", GlobalIPv6Address: "fd00::3" },
      },
    ),
    inspected("sick", { Running: true, Health: { Status: "unhealthy" } }, { none: null }),
    inspected("scene", { Status: "exited", Running: false }, { back: { IPAddress: "" } }),
    { Name: "/of-nobody", State: { Running: true } },
  ];

  expect(inspectedContainers(JSON.stringify(inspect))).toEqual([
    {
      name: "shop-author-1",
      workload: "service author",
      addresses: ["172.18.0.3", "172.19.0.3", "fd00::3"],
      ready: true,
      terminating: false,
    },
    {
      name: "shop-sick-1",
      workload: "service sick",
      addresses: [],
      ready: false,
      terminating: false,
    },
  ]);
});

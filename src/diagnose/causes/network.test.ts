import { expect, it } from "vitest";

import { networkOf } from "./network.ts";

it.each([
  ["10.244.3.7", "10.244"],
  ["192.168.0.1", "192.168"],
  ["127.0.0.1", undefined],
  ["unix", undefined],
  ["", undefined],
  ["::1", undefined],
  ["fd00:10:244:1::5", "fd00:10:244"],
  ["fd00:10::5", "fd00:10:0"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1"],
])("%s lies in %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

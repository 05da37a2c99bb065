import { expect, test } from "vitest";
import { bytesOf, cpusOf } from "./service.ts";

test.each([
  [1, "1"],
  ["1", "1"],
  ["250m", "0.25"],
  ["100m", "0.1"],
  ["1.5", "1.5"],
  [".5", "0.5"],
  ["1e1", "10"],
  // Kubernetes counts whole millis, and rounds up.
  ["100u", "0.001"],
])("%j CPU are %s", (quantity, cpus) => {
  expect(cpusOf(quantity)).toBe(cpus);
});

test.each([
  [1048576, "1048576"],
  ["128Mi", "134217728"],
  ["1Gi", "1073741824"],
  ["1.1Ki", "1127"],
  ["1G", "1000000000"],
  ["0.3M", "300000"],
  ["1e3", "1000"],
  ["1E", "1000000000000000000"],
  ["1500m", "2"],
])("%j of memory are %s bytes", (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});

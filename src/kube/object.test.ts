import { describe, expect, test } from "vitest";
import { identityOf, isNewer, microTime, withoutManagedFields } from "./object.ts";
import { KubeError } from "./refusal.ts";

const POD = { kind: "Pod", apiVersion: "v1" };

describe("an identity", () => {
  const metadata = { name: "a", uid: "u", resourceVersion: "1" };

  test("has the namespace in its key, if there is one", () => {
    expect(identityOf({ ...POD, metadata }).key).toBe("a");
    expect(identityOf({ ...POD, metadata: { ...metadata, namespace: "n" } })).toEqual({
      key: "n/a",
      uid: "u",
      resourceVersion: "1",
    });
  });

  test.each([undefined, {}, { ...metadata, uid: undefined }, { ...metadata, name: 1 }])(
    "can't be had from metadata %j",
    (wrong) => {
      expect(() => identityOf({ ...POD, metadata: wrong })).toThrow(
        new KubeError("the API server sent a Pod without name, uid or resourceVersion"),
      );
    },
  );
});

test("managedFields are left out, and nothing else", () => {
  const metadata = { name: "a", labels: { b: "c" } };
  const object = { ...POD, metadata: { ...metadata, managedFields: [{}] }, spec: {} };

  expect(withoutManagedFields(object)).toEqual({ ...POD, metadata, spec: {} });
  expect(withoutManagedFields(POD)).toEqual(POD);
});

test.each([
  ["10", "9", true],
  ["9", "10", false],
  ["9", "9", false],
  ["18446744073709551615", "18446744073709551614", true],
  ["b", "a", true],
  ["a", "b", true],
  ["a", "a", false],
])("version %s comes after %s: %s", (version, than, newer) => {
  expect(isNewer(version, than)).toBe(newer);
});

test.each([
  [0, "1970-01-01T00:00:00.000000Z"],
  [1_700_000_000_000_001, "2023-11-14T22:13:20.000001Z"],
  [1_700_000_000_123_456, "2023-11-14T22:13:20.123456Z"],
  [1_700_000_000_999_999, "2023-11-14T22:13:20.999999Z"],
])("%d microseconds are %s", (epochUs, text) => {
  expect(microTime(epochUs)).toBe(text);
});

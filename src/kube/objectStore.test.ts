import * as fc from "fast-check";
import { expect, test } from "vitest";
import { objectStore, type Change, type StoredObject } from "./objectStore.ts";

function kept(key: string, uid: string, resourceVersion: string): StoredObject<string> {
  return { key, uid, resourceVersion, value: `${key} ${uid} ${resourceVersion}` };
}

const object = fc
  .record({
    key: fc.constantFrom("a", "b", "c"),
    uid: fc.constantFrom("u", "v"),
    version: fc.nat({ max: 3 }),
  })
  .map(({ key, uid, version }) => kept(key, uid, `${version}`));

type StoreStep =
  | { put: StoredObject<string> }
  | { remove: string }
  | { replace: readonly StoredObject<string>[] };

const step: fc.Arbitrary<StoreStep> = fc.oneof(
  object.map((put) => ({ put })),
  object.map(({ key }) => ({ remove: key })),
  fc.uniqueArray(object, { selector: ({ key }) => key }).map((replace) => ({ replace })),
);

test("the changes lead from each state to the next, one by one, and none is for nothing", () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const store = objectStore<string>();
      const copy = new Map<string, string>();
      for (const each of steps) {
        const changes: readonly Change<string>[] =
          "put" in each
            ? store.put(each.put)
            : "remove" in each
              ? store.remove(each.remove)
              : store.replace(each.replace);
        for (const change of changes) {
          const [old, now] = [
            change.type === "added" ? undefined : change.old,
            change.type === "deleted" ? undefined : change.new,
          ];
          expect(copy.get(change.key)).toBe(old);
          expect(now).not.toBe(old);
          if (change.type === "deleted") copy.delete(change.key);
          else copy.set(change.key, change.new);
        }
        expect(copy).toEqual(new Map([...store.all()].map(({ key, value }) => [key, value])));
        const all = "replace" in each ? each.replace.map(({ value }) => value) : copy.values();
        expect([...copy.values()].toSorted()).toEqual([...all].toSorted());
      }
    }),
  );
});

test("an object that was made anew under its name is deleted and added", () => {
  const store = objectStore<string>();
  store.put(kept("a", "u", "1"));

  expect(store.put(kept("a", "u", "2")).map(({ type }) => type)).toEqual(["modified"]);
  expect(store.put(kept("a", "u", "2"))).toEqual([]);
  expect(store.replace([kept("a", "v", "9")])).toEqual([
    { type: "deleted", key: "a", old: "a u 2" },
    { type: "added", key: "a", new: "a v 9" },
  ]);
  expect(store.remove("b")).toEqual([]);
});

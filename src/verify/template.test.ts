import { describe, expect, it } from "vitest";
import { Template } from "./template.ts";

const USER = "Secret shop/db user (old)";

function url(): Template {
  return Template.join([
    Template.of("postgres://"),
    Template.unknown(USER),
    Template.of("@pooler:6432/app"),
  ]);
}

/** `a=1 b=2` as pairs by their first letter. */
function pairs(text: string): ReadonlyMap<string, string> {
  return new Map(text.split(" ").map((pair) => [pair.slice(0, 1), pair]));
}

describe("a text with an unknown part", () => {
  it("has no known text, and names what holds the unknown part", () => {
    expect(url().known).toBeUndefined();
    expect(url().render()).toBe(`postgres://${USER}@pooler:6432/app`);
  });

  it("is found whole by a pattern, and never ends a host, a user or a URL", () => {
    const [, user, host] = url().match(/^postgres:\/\/([^\s"'()/:@?]+)@([\w.-]+)/) ?? [];
    expect([user?.render(), host?.known]).toEqual([USER, "pooler"]);
    expect(
      url()
        .split("@")
        .map((part) => part.render()),
    ).toEqual([`postgres://${USER}`, "pooler:6432/app"]);
  });

  it("has no word that a pattern looks for, whatever it is called", () => {
    for (const name of ["Secret shop/wait-for-it é", "host=pooler:6432", "postgres://a@b/c"]) {
      const text = Template.unknown(name);
      expect(text.render()).toBe(name);
      expect([/wait|host|postgres/i, /[\s:=/%.-]/, /\d/].filter((one) => text.test(one))).toEqual(
        [],
      );
    }
  });

  it("is equal to another of the same name, and to no other", () => {
    expect(Template.unknown("a").equals(Template.unknown("a"))).toBe(true);
    expect(Template.unknown("a").equals(Template.unknown("b"))).toBe(false);
    expect(Template.unknown("a").equals(Template.of("a"))).toBe(false);
  });

  it("is known once its part is filled in", () => {
    expect(url().has(USER)).toBe(true);
    expect(url().fill(USER, "$&").known).toBe("postgres://$&@pooler:6432/app");
    expect(url().fill("another", "me").known).toBeUndefined();
  });
});

describe("a text that is known", () => {
  it("is its own text, whatever characters it has", () => {
    for (const text of ["", "a%20b", "\u{e000}x\u{e001}", "$(NAME)"]) {
      expect([Template.of(text).known, Template.of(text).render()]).toEqual([text, text]);
    }
    expect(Template.of("a\u{0}b\u{0}c").known).toBe("abc");
  });

  it("gives what a parser makes of it", () => {
    expect(
      [...(Template.of("a=1 b=2").parse(pairs) ?? [])].map(([key, value]) => [key, value.known]),
    ).toEqual([
      ["a", "a=1"],
      ["b", "b=2"],
    ]);
  });
});

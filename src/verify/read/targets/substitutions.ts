import { Template } from "../../template.ts";
import type { Stores } from "./stores.ts";

/** Behind `${`: a name, its default, what follows. */
const SUBSTITUTION = /^(\w+)(?::?[-=]([^{}]*))?\}([^]*)$/;

/**
 * A variable's text with what Flux or envsubst puts into it before it is applied: `${NAME}` is not
 * known, and `${NAME:=default}` need not be its default. The default stands where it tells of no
 * database and is no number: it may name a pooler.
 *
 * Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
 */
export function substituted(variable: string, text: Template, stores: Stores): Template {
  if (!text.test(/\$\{/)) return text;
  const [first = Template.of(""), ...rest] = text.split("${");
  const parts = rest.map((part) => {
    const [, name, byDefault, after] = part.match(SUBSTITUTION) ?? [];
    if (name === undefined || after === undefined) return Template.join([Template.of("${"), part]);
    const isLikely =
      byDefault !== undefined && !stores.isDatabaseName(variable) && !byDefault.test(/^\s*\d*\s*$/);
    const otherwise = byDefault === undefined ? "" : `:-${byDefault.render()}`;
    const value = isLikely ? byDefault : Template.unknown(`\${${name.render()}${otherwise}}`);
    return Template.join([value, after]);
  });
  return Template.join([first, ...parts]);
}

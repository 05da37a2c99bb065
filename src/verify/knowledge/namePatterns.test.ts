import { describe, expect, it } from "vitest";
import { imagePattern } from "./namePatterns.ts";

describe("images as a table names them", () => {
  it.each([
    ["grafana/grafana", "docker.io/grafana/grafana:11.2", true],
    ["grafana/grafana", "grafana/grafana@sha256:0123", true],
    ["grafana/grafana", "grafana/grafana:11@sha256:0123", true],
    ["grafana/grafana", "registry.example:5000/grafana/grafana", true],
    ["grafana/grafana", "grafana/grafana-oss:11", false],
    ["grafana/grafana", "my-grafana/grafana:11", false],
    ["grafana", "grafana/grafana", true],
    ["grafana", "grafana/loki:grafana", false],
    ["timescaledb*", "timescale/timescaledb-ha:pg17", true],
    ["bitnami*/pgbouncer", "docker.io/bitnamilegacy/pgbouncer:1", true],
    ["bitnami*/pgbouncer", "bitnami/x/pgbouncer:1", false],
    ["php:*fpm*", "php:8.3-fpm-alpine", true],
    ["php:*fpm*", "registry.example:5000/library/php:8.3-fpm@sha256:0123", true],
    ["php:*fpm*", "php:8.3-cli", false],
    ["php:*fpm*", "php", false],
    ["php:*fpm*", "php@sha256:0fpm", false],
    ["php:latest", "php", true],
    ["php:latest", "php:8", false],
    ["a.b", "axb", false],
  ])("%s of %s: %s", (pattern, image, expected) => {
    expect(imagePattern([pattern]).test(image)).toBe(expected);
  });

  it("are none where a row names none", () => {
    expect(imagePattern().test("grafana/grafana")).toBe(false);
  });
});

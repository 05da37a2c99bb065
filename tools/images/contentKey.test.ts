import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { scratchDir } from "../processes/scratch.ts";
import { IMAGES, inRepository } from "./catalog.ts";
import { contentKey } from "./contentKey.ts";
import { dockerfileSources } from "./dockerfile.ts";
import { standInFor } from "./standIns.ts";

const DOCKERFILE = `FROM debian:sid-slim AS made
COPY package.json \\
  package-lock.json ./
RUN echo COPY nothing here
FROM scratch
COPY --from=made /usr /usr
COPY src /app/src
`;

let repository: string;

beforeEach(async () => {
  repository = await scratchDir("context");
  await mkdir(join(repository, "src", "node_modules"), { recursive: true });
  await write("Dockerfile", DOCKERFILE);
  await write("package.json", "{}");
  await write("package-lock.json", "{}");
  await write("src/main.ts", "main");
});

describe("the key of an image", () => {
  it.each([
    ["a source", "src/main.ts"],
    ["a new source", "src/more.ts"],
    ["a file that is copied", "package-lock.json"],
    ["what the context leaves out", ".dockerignore"],
    ["the Dockerfile", "Dockerfile"],
  ])("is another one after a change of %s", async (_, file) => {
    const before = keyNow();
    const text = await readFile(join(repository, file), "utf8").catch(() => "");
    await write(file, `${text}\n# changed`);
    expect(keyNow()).not.toBe(before);
  });

  it("is another one when a source is gone, or may be executed", async () => {
    const before = keyNow();
    await chmod(join(repository, "src/main.ts"), 0o755);
    const executable = keyNow();
    await rm(join(repository, "src/main.ts"));
    expect(new Set([before, executable, keyNow()]).size).toBe(3);
  });

  it.each(["README.md", "src/main.test.ts", "src/node_modules/it.js"])(
    "stays the same after a change of %s, which is in no image",
    async (file) => {
      const before = keyNow();
      await write(file, "changed");
      expect(keyNow()).toBe(before);
    },
  );
});

it("knows a Dockerfile's bases and copies, in stages and over lines", () => {
  expect(dockerfileSources(DOCKERFILE)).toEqual({
    bases: ["debian:sid-slim"],
    copied: ["package.json", "package-lock.json", "src"],
  });
});

it.each(IMAGES)(
  "$reference starts from images that can be had without a registry",
  async (image) => {
    const text = await readFile(inRepository(image.dockerfile), "utf8");
    const { bases } = dockerfileSources(text);
    expect(bases.map(standInFor)).toHaveLength(1);
  },
);

it("says which images there are stand-ins for", () => {
  expect(() => standInFor("alpine:3")).toThrow(
    "FROM alpine:3: without Docker there are only debian",
  );
});

function keyNow(): string {
  return contentKey({ dockerfile: "Dockerfile", context: "." }, repository);
}

function write(file: string, text: string): Promise<void> {
  return writeFile(join(repository, file), text);
}

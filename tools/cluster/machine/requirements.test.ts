import { afterEach, expect, test, vi } from "vitest";

import { requireMachineParts } from "./requirements.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

// Inside of a machine these folders are others: its programs would find none of their files.
test.each(["WEIR_CACHE_DIR", "TMPDIR"])(
  "%s can't be where a cluster hides the host",
  async (name) => {
    vi.stubEnv(name, "/run/weir");
    await expect(requireMachineParts()).rejects.toThrow(
      "/run/weir can't be used for a cluster, which has a /run of its own",
    );
  },
);

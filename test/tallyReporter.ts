import type { Reporter, TestModule, TestSpecification, Vitest } from "vitest/node";

/**
 * Prints `N passed, N failed` as the last line of a run, with the true counts. What did not run (a
 * skipped test, a file that could not be loaded, an error outside of any test) is a failure. So is
 * what a run leaves undone that SIGINT ends: each test, and each file whose tests are not known.
 */
export default class TallyReporter implements Reporter {
  private files = 0;
  private isTold = false;

  onInit({ state }: Vitest): void {
    // It stays there, since who sends a signal to npm and its whole group sends it twice.
    process.on("SIGINT", () => {
      const modules = state.getTestModules();
      const known = modules.filter(({ children }) => children.size > 0);
      if (!this.isTold) this.tell(modules, this.files - known.length);
      process.exit();
    });
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.files = specifications.length;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.tell(modules, unhandledErrors.length);
  }

  private tell(modules: readonly TestModule[], failedBeside: number): void {
    this.isTold = true;
    let passed = 0;
    let failed = failedBeside;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        if (test.result().state === "passed") passed += 1;
        else failed += 1;
      }
    }
    if (failed > 0 || passed === 0) process.exitCode = 1;
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }
}

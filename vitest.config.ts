import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,orchestrators,functions,adapters,integrations,local,cli,dashboard,bench,test}/**/*.test.ts"],
    // A process per file: some load apps, start servers or end children by force.
    pool: "forks",
    // CI has two cores; the default would leave one of them idle.
    maxWorkers: 2,
    globalSetup: ["test/support/azurite-setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // What a test does to the environment is undone after it.
    unstubEnvs: true,
    unstubGlobals: true,
    restoreMocks: true,
    coverage: {
      provider: "v8",
      include: ["{shared,orchestrators,functions,adapters,integrations,local,cli}/**/*.ts"],
      exclude: ["**/*.test.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});

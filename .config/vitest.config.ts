import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Examples import the package by its name; here, as in tsconfig.json, that is the source. */
const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^tenfold$/, replacement: source('index.ts') },
      { find: /^tenfold\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    setupFiles: ['.config/vitest.setup.ts'],
    testTimeout: 20_000,
    typecheck: { include: ['test/**/*.test-d.ts'] },
  },
});

export default config;

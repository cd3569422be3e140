import { defineConfig } from '@playwright/test';
import { NOW } from './e2e/visual/now.ts';

const MOCK_PORT = Number(process.env.E2E_MOCK_PORT ?? 4180);
/** The mock that pictures are taken of: nobody else buys there, and its clock stands still. */
const STILL_PORT = Number(process.env.E2E_STILL_PORT ?? MOCK_PORT + 2);
const STANDSTILL = new URL('e2e/mock/standstill.ts', import.meta.url).href;

/** A run empties its folder when it begins: each project has one of its own, to run beside others. */
const outputOf = (project: string) => `test-results/playwright/${project}`;

export default defineConfig({
  forbidOnly: Boolean(process.env.CI),
  // A test that passes only sometimes has failed.
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    locale: 'zh-TW',
    timezoneId: 'Asia/Taipei',
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-background-networking'],
    },
  },
  projects: [
    {
      name: 'mocked',
      testDir: 'e2e/mocked',
      outputDir: outputOf('mocked'),
      // Their people and orders are their own: a long file need not wait for one worker.
      fullyParallel: true,
      // Recording costs more than the tests do, and what fails here fails again:
      // `--trace on` with the test's name tells the rest.
      use: { baseURL: `http://127.0.0.1:${MOCK_PORT}`, screenshot: 'only-on-failure' },
    },
    {
      name: 'visual',
      testDir: 'e2e/visual',
      outputDir: outputOf('visual'),
      snapshotPathTemplate: 'e2e/visual/pictures/{arg}{ext}',
      fullyParallel: true,
      use: { baseURL: `http://127.0.0.1:${STILL_PORT}` },
    },
    {
      name: 'real',
      testDir: 'e2e/real',
      outputDir: outputOf('real'),
      // They share one shop: its clock, which some of them move, and its stock, which they count.
      workers: 1,
      timeout: 180_000,
      use: {
        baseURL: process.env.E2E_BASE_URL ?? 'http://127.0.0.1:8080',
        // The page at every step, without a film of it, which would slow the shop down as well.
        trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true },
      },
    },
  ],
  // The real stack is started by whoever asks for it; the mock starts itself.
  ...(process.env.E2E_BASE_URL
    ? {}
    : {
        webServer: [
          {
            command: 'node e2e/mock/server.ts',
            url: `http://127.0.0.1:${MOCK_PORT}/_health`,
            env: { PORT: String(MOCK_PORT) },
            reuseExistingServer: !process.env.CI,
          },
          {
            command: 'node e2e/mock/server.ts',
            url: `http://127.0.0.1:${STILL_PORT}/_health`,
            env: {
              PORT: String(STILL_PORT),
              MOCK_TIME: NOW,
              MOCK_PHOTOS: process.env.MOCK_PHOTOS ?? 'off',
              NODE_OPTIONS: `--import=${STANDSTILL}`,
            },
            reuseExistingServer: !process.env.CI,
          },
        ],
      }),
});

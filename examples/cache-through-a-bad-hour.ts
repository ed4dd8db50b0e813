// A cache over a source that stampedes, fails and comes back, in virtual time: 200 callers a second ask
// for 50 pages for ten minutes; the source is down for the middle two, and a page is changed meanwhile.
import assert from 'node:assert/strict';
import { cache, circuitBreaker, compose, workQueue } from 'tenfold';
import { virtualRuntime } from 'tenfold/sim';

const runtime = virtualRuntime({ seed: 7 });
const source = { loads: 0, down: false, running: 0, most: 0, version: new Map<string, number>() };

const pages = cache<string>({
  runtime,
  ttlMs: 10_000,
  ttlJitterRatio: 0.2,
  staleIfErrorMs: 600_000,
  staleWhileRevalidateMs: 5_000,
  earlyRefreshBeta: 1,
  loads: compose(
    workQueue({ concurrency: 5, runtime }),
    circuitBreaker({ openMs: 5_000, runtime }),
  ),
});

async function render(page: string): Promise<string> {
  source.loads++;
  source.most = Math.max(source.most, ++source.running);
  await runtime.sleep(200);
  source.running--;
  if (source.down) throw new Error('the source is down');
  return `${page} v${source.version.get(page) ?? 1}`;
}

let asked = 0;
let failed = 0;
async function ask(page: string): Promise<void> {
  asked++;
  await pages.get(page, render, { tags: [page] }).catch(() => failed++);
}

await runtime.run(async () => {
  const random = runtime.random('visitors');
  const visits: Promise<void>[] = [];
  for (let ms = 0; ms < 600_000; ms += 5) {
    if (ms === 240_000) source.down = true;
    if (ms === 360_000) source.down = false;
    if (ms === 500_000) {
      source.version.set('page 3', 2);
      await pages.deleteTag('page 3');
    }
    visits.push(ask(`page ${Math.floor(random() ** 2 * 50)}`));
    await runtime.sleep(5);
  }
  await Promise.all(visits);
});

const { hitRatio, stale, loads } = pages.snapshot();
console.log(
  `${asked} visits, ${failed} failed, ${source.loads} loads, ${source.most} at once at most`,
);
console.log(
  `${(100 * hitRatio).toFixed(2)} % without a load of their own, ${stale} stale, ` +
    `${loads.failed} loads failed, p99 ${loads.p99Ms.toFixed(0)} ms`,
);
assert.equal(failed, 0);
assert.ok(hitRatio > 0.9);
assert.equal(source.most, 5);
assert.equal(await pages.get('page 3'), 'page 3 v2');

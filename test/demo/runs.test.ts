import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GUARDS } from '../../examples/demo/guards.ts';
import type { PlannedRun } from '../../examples/demo/plan.ts';
import type { RunResult } from '../../examples/demo/results.ts';
import { runner } from '../../examples/demo/scenario.ts';
import { smallScenario } from './small-trace.ts';

const plan = (wiring: PlannedRun['wiring'], changes: Partial<PlannedRun> = {}): PlannedRun => ({
  scale: 3,
  wiring,
  label: wiring,
  without: [],
  budget: 1,
  shareOf: undefined,
  ...changes,
});

async function resultOf(planned: PlannedRun, ...args: string[]): Promise<RunResult> {
  return (await runner(smallScenario(...args)).run(planned, () => undefined)).result;
}

describe('a run', () => {
  it('accounts for every request, whatever the wiring, the load and the guards left out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('bare', 'elastic', 'guarded' as const),
        fc.integer({ min: 1, max: 4 }),
        fc.subarray([...GUARDS]),
        fc.integer({ min: 0, max: 1_000 }),
        async (wiring, scale, without, seed) => {
          const result = await resultOf(plan(wiring, { scale, without }), '--seed', `${seed}`);

          const { offered, answered, rejected, expired, failed, late } = result;
          expect(answered + rejected + expired + failed).toBe(offered);
          expect(offered).toBe(900 * scale);
          expect(late).toBeLessThanOrEqual(answered);
          expect(result.goodput).toBe((answered - late) / offered);
          const reasons = Object.values(result.reasons).reduce((sum, count) => sum + count, 0);
          expect(reasons).toBe(rejected + expired + failed);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('comes out the same from the same seed, and differently from another', async () => {
    const once = await resultOf(plan('guarded'), '--seed', '3');

    expect(JSON.stringify(await resultOf(plan('guarded'), '--seed', '3'))).toBe(
      JSON.stringify(once),
    );
    expect(await resultOf(plan('guarded'), '--seed', '4')).not.toEqual(once);
  });

  it('does not depend on the runs made before it', async () => {
    const runs = runner(smallScenario());
    const nothing = (): void => undefined;
    await runs.run(plan('bare', { scale: 1 }), nothing);
    await runs.run(plan('elastic'), nothing);

    const after = await runs.run(plan('guarded'), nothing);

    expect(after.result).toEqual(await resultOf(plan('guarded')));
  });

  it('never has more workers than its wiring may, nor fewer than it keeps', async () => {
    const { facts } = smallScenario();
    const bare = await resultOf(plan('bare'));
    const elastic = await resultOf(plan('elastic'));

    expect(bare.workers.peak).toBe(facts.pool.workers);
    expect(bare.workers.mean).toBeCloseTo(facts.pool.workers, 9);
    expect(bare.workers.hours * 3_600_000).toBeCloseTo(facts.pool.workers * bare.drainedAtMs, 3);
    expect(elastic.workers.peak).toBeGreaterThan(facts.pool.workers);
    expect(elastic.workers.peak).toBeLessThanOrEqual(facts.maxWorkers);
  });

  it('answers nearly everything in time while the backend is well and the load is that of today', async () => {
    for (const wiring of ['bare', 'elastic', 'guarded'] as const) {
      const result = await resultOf(plan(wiring, { scale: 1 }), '--bad', 'none');

      expect(result.goodput).toBeGreaterThan(0.99);
    }
  });

  it('reports progress up to the end of the trace', async () => {
    const seen: number[] = [];
    await runner(smallScenario()).run(plan('guarded'), ({ settled }) => seen.push(settled));

    expect(seen.length).toBeGreaterThan(5);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('has a timeline that holds every arrival', async () => {
    const { timeline } = await runner(smallScenario()).run(plan('guarded'), () => undefined);

    const seconds = (timeline.atMs[1] ?? 0) / 1_000;
    const arrived = timeline.arrivalsPerSecond.reduce((sum, rate) => sum + rate * seconds, 0);
    expect(Math.round(arrived)).toBe(3 * 900);
  });
});

describe('guards', () => {
  it('change the outcome where they are needed: each is really switched off', async () => {
    // Longer than the deadlines: a breaker learns of a slow backend by the calls that time out.
    const bad = ['--bad', '30s-3m'];
    const all = await resultOf(plan('guarded'), ...bad);
    const without = async (guard: (typeof GUARDS)[number]): Promise<RunResult> =>
      resultOf(plan('guarded', { without: [guard] }), ...bad);

    expect(all.reasons['circuit open']).toBeGreaterThan(0);
    expect((await without('breaker')).reasons['circuit open']).toBeUndefined();
    expect(all.reasons['timed out']).toBeGreaterThan(0);
    expect((await without('timeout')).reasons['timed out']).toBeUndefined();
    expect((await without('scaling')).workers.peak).toBe(smallScenario().facts.pool.workers);
    expect((await without('priority')).services).not.toEqual(all.services);
  });

  it('bind where the platform is too small for the load', async () => {
    const cramped = ['--max-workers', '1', '--bad', 'none'];
    const run = (...without: PlannedRun['without']): Promise<RunResult> =>
      resultOf(plan('guarded', { scale: 4, without }), ...cramped);

    expect((await run()).reasons['rate limit']).toBeGreaterThan(0);
    expect((await run('admission')).reasons['rate limit']).toBeUndefined();
    // With time-outs, whoever waits long gets a worker just before the deadline, and times out there.
    expect((await run('admission', 'bound', 'timeout')).expired).toBeGreaterThan(0);
    expect((await run('admission', 'bound', 'timeout', 'deadline')).expired).toBe(0);
    expect((await run('admission', 'deadline')).reasons['queue full']).toBeGreaterThan(0);
    expect((await run('admission', 'deadline', 'bound')).rejected).toBe(0);
  });
});

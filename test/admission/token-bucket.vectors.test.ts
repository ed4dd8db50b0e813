import { describe, expect, it } from 'vitest';
import type { Booking } from '../../src/admission/index.ts';
import { bucket, tokenBucket } from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import vectors from '../vectors/admission-token-bucket.json' with { type: 'json' };
import { steppedRuntime } from './stepped-runtime.ts';

/** The vectors count time in tenths of a second. */
const D = 100;

interface Step {
  op: 'allow' | 'reserve' | 'cancel' | 'setBurst' | 'setLimit';
  t?: number;
  n?: number;
  maxWait?: number;
  ref?: string;
  burst?: number;
  expect?: { ok?: boolean; tokensBefore?: number; act?: number };
}

/**
 * Where a place in the line is given back, those behind it move up and the next comes earlier. In
 * x/time/rate a later booking keeps its time and what was given back is lost to it.
 */
const EARLIER: Record<string, Record<number, number>> = {
  cancelReturns0: { 4: 2 },
  cancelMany: { 6: 4 },
  reserveJumpBackCancel: { 4: 3 },
};

function replay(sequence: { name: string; limit: number; burst: number; steps: unknown[] }) {
  const runtime = steppedRuntime();
  const limiter = tokenBucket({
    capacity: sequence.burst,
    refillPerSecond: sequence.limit,
    runtime,
  });
  const booked = new Map<string, Booking>();
  return (sequence.steps as Step[]).map((step, index) => {
    runtime.set((step.t ?? 0) * D);
    const cost = step.n ?? 0;
    const tokensBefore = limiter.peek().remaining;
    switch (step.op) {
      case 'allow':
        return { step, index, tokensBefore, ok: limiter.tryTake({ cost }).ok };
      case 'reserve': {
        const limited =
          step.maxWait === undefined ? {} : { deadline: (step.t! + step.maxWait) * D };
        const booking = limiter.reserve({ cost, ...limited });
        if (booking.ok && step.ref !== undefined) booked.set(step.ref, booking);
        const act = booking.ok ? booking.readyAt / D : undefined;
        return { step, index, tokensBefore, ok: booking.ok, act };
      }
      case 'cancel':
        booked.get(step.ref!)!.cancel();
        return { step, index };
      case 'setBurst':
        limiter.update({ capacity: step.burst! });
        return { step, index };
      case 'setLimit':
        throw new Error('not in these sequences');
    }
  });
}

describe('tokenBucket on the sequences of golang.org/x/time/rate', () => {
  it.each(vectors.sequences)('answers as published: $name', (sequence) => {
    for (const { step, index, ...got } of replay(sequence)) {
      const want = step.expect ?? {};
      const label = `${sequence.name}, step ${index}`;
      if (want.ok !== undefined) expect(got.ok, label).toBe(want.ok);
      if (want.tokensBefore !== undefined)
        expect(got.tokensBefore, label).toBeCloseTo(want.tokensBefore, 9);
      const act = EARLIER[sequence.name]?.[index] ?? want.act;
      if (act !== undefined) expect(got.act, label).toBeCloseTo(act, 9);
    }
  });
});

describe('tokenBucket on the waits of golang.org/x/time/rate', () => {
  const rows = vectors.waits as {
    name: string;
    limit: number;
    burst: number;
    sharedDeadline?: number;
    steps: {
      op?: string;
      n: number;
      limit?: number;
      alreadyAborted?: boolean;
      expect: { ok: boolean; delay: number };
    }[];
  }[];

  it.each(rows)('waits as published: $name', async ({ limit, burst, sharedDeadline, steps }) => {
    const runtime = virtualRuntime();
    const limiter = tokenBucket({ capacity: burst, refillPerSecond: limit, runtime });
    const deadline = sharedDeadline === undefined ? {} : { deadline: sharedDeadline * D };

    await runtime.run(async () => {
      for (const { op, n, limit: next, alreadyAborted, expect: want } of steps) {
        if (op === 'setLimit') limiter.update({ refillPerSecond: next! });
        else if (op === 'allow') expect(limiter.tryTake({ cost: n }).ok).toBe(want.ok);
        else {
          const signal = alreadyAborted ? { signal: AbortSignal.abort() } : {};
          const from = runtime.now();
          const took = await limiter.take({ cost: n, ...deadline, ...signal }).then(
            () => true,
            () => false,
          );
          expect([took, (runtime.now() - from) / D]).toEqual([want.ok, want.delay]);
        }
      }
    });
  });
});

describe('tokenBucket on the properties of golang.org/x/time/rate', () => {
  it('lets the burst pass among calls at one instant', () => {
    const { limit, burst, calls, expect: want } = vectors.properties[0]!;
    const limiter = tokenBucket({
      capacity: burst,
      refillPerSecond: limit,
      runtime: virtualRuntime(),
    });

    const passed = Array.from({ length: calls! }, () => limiter.tryTake()).filter(({ ok }) => ok);

    expect(passed).toHaveLength(want.allowed!);
  });

  it('keeps the rate over a long run, neither more nor fewer', () => {
    const { limit, burst, durationMs, callEveryMs, expect: want } = vectors.properties[1]!;
    const runtime = steppedRuntime();
    const limiter = tokenBucket({ capacity: burst, refillPerSecond: limit, runtime });
    let passed = 0;

    for (let at = 0; at <= durationMs!; at += callEveryMs!) {
      runtime.set(at);
      if (limiter.tryTake().ok) passed++;
    }

    expect(passed).toBeGreaterThanOrEqual(want.minAllowed!);
    expect(passed).toBeLessThanOrEqual(want.maxAllowed!);
  });
});

describe('bucket', () => {
  it('has no interval between tokens at an infinite rate', () => {
    const { limit, intervalNs } = vectors.every.find((row) => row.intervalNs === 0)!;
    const rule = bucket({ capacity: 1, refillPerSecond: Number(limit) }).rule(0);
    rule.rows = new Float64Array(1);
    rule.start(0, 0);
    rule.spend(0, 1, 0);

    expect(rule.waitMs(0, 1, 0, 0)).toBe(intervalNs);
  });

  it.each(vectors.every.filter(({ intervalNs }) => intervalNs > 0))(
    'mints one token in $intervalNs ns at $limit tokens a second',
    ({ intervalNs, limit }) => {
      const rule = bucket({ capacity: 1, refillPerSecond: Number(limit) }).rule(0);
      rule.rows = new Float64Array(1);
      rule.start(0, 0);
      rule.spend(0, 1, 0);

      const waitMs = rule.waitMs(0, 1, 0, 0);

      expect(waitMs / (intervalNs / 1e6)).toBeCloseTo(1, 9);
    },
  );
});

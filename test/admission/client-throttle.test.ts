import { describe, expect, it } from 'vitest';
import type { Pass, Runtime } from '../../src/core/index.ts';
import type { ClientThrottleOptions } from '../../src/admission/index.ts';
import { clientThrottle, concurrencyLimiter } from '../../src/admission/index.ts';
import { compose } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import vectors from '../vectors/policy-budgets-and-throttling.json' with { type: 'json' };

const { clientThrottleRejectionRate: failsafe, envoyAdmissionControl: envoy } = vectors;

/** A throttle whose luck is set by hand. */
function throttled(options: ClientThrottleOptions) {
  let luck = 0.999;
  const runtime = Object.assign(Object.create(virtualRuntime()) as Runtime, {
    random: () => () => luck,
  });
  const throttle = clientThrottle({ runtime, ...options });
  return {
    throttle,
    setLuck: (next: number) => (luck = next),
    /** `n` calls, all let through by luck, of which `ok` are accepted. */
    history: (n: number, ok: number): void => {
      for (let i = 0; i < n; i++) {
        (throttle.tryEnter() as Pass).done(i < ok ? 'success' : 'failure', new Error('busy'));
      }
    },
  };
}

describe('clientThrottle', () => {
  it.each(failsafe.cases)("refuses at the rate of failsafe-go's throttler: %j", (row) => {
    const { throttle, history } = throttled({
      callsPerAccepted: 1 / row.successThreshold,
      maxRefusedRatio: row.maxReject,
      minimumCalls: row.min,
    });

    history(row.n, row.ok);

    const { refusedRatio } = throttle.snapshot();
    const [from, to] = row.expectRange ?? [row.expect, row.expect];
    expect(refusedRatio).toBeGreaterThanOrEqual(from! - (row.tolerance ?? 1e-9));
    expect(refusedRatio).toBeLessThanOrEqual(to! + (row.tolerance ?? 1e-9));
  });

  it.each(envoy.cases)("refuses as Envoy's admission control does: %j", (row) => {
    const numbers = { callsPerAccepted: 1, maxRefusedRatio: 1, minimumCalls: 0 };
    const { throttle, history, setLuck } = throttled(numbers);
    history(row.n, row.ok);
    setLuck(row.random01 ?? 0.5);

    const { ok } = throttle.tryEnter();

    if (row.expect !== undefined) expect(ok).toBe(row.expect === 'pass');
    else expect(ok).toBe(row.expectReject === 0);
  });

  it('takes for overload what Envoy does by default', () => {
    const { http, grpc } = envoy.successByDefault;
    const isAccepted = (outcome: 'success' | 'failure', detail: unknown): boolean => {
      const { throttle } = throttled({ minimumCalls: 0 });
      (throttle.tryEnter() as Pass).done(outcome, detail);
      return throttle.snapshot().accepted === 1;
    };

    expect(http.success.map((status) => isAccepted('success', { status }))).not.toContain(false);
    expect(http.failure.map((status) => isAccepted('success', { status }))).not.toContain(true);
    expect(grpc.success.map((code) => isAccepted('failure', { code }))).not.toContain(false);
    expect(grpc.failure.map((code) => isAccepted('failure', { code }))).not.toContain(true);
    expect(isAccepted('failure', { response: { status: 404 } })).toBe(true);
    expect(isAccepted('failure', new Error('reset'))).toBe(false);
  });

  it('counts neither for nor against anybody what never asked the backend', async () => {
    const runtime = virtualRuntime();
    const throttle = clientThrottle({ minimumCalls: 1, runtime });
    const full = concurrencyLimiter({ limit: 1, runtime });
    full.tryEnter();

    await compose(throttle, full)
      .run(() => 1)
      .catch(() => undefined);
    (throttle.tryEnter() as Pass).done('cancelled');

    expect(throttle.snapshot()).toMatchObject({ calls: 0, accepted: 0, refusedRatio: 0 });
  });

  it('keeps most of an overload from a backend, and lets all through once it is over', async () => {
    const runtime = virtualRuntime({ seed: 7 });
    const throttle = clientThrottle({ windowMs: 10_000, runtime });
    let capacity = 0;
    const asked: number[] = [];

    await runtime.run(async () => {
      for (let second = 0; second < 120; second++) {
        capacity = second >= 40 && second < 60 ? 10 : 1000;
        let left = capacity;
        let reached = 0;
        for (let i = 0; i < 100; i++) {
          await throttle
            .run(() => {
              reached++;
              if (left-- <= 0) throw Object.assign(new Error('busy'), { status: 503 });
            })
            .catch(() => undefined);
          await runtime.sleep(10);
        }
        asked.push(reached);
      }
    });

    const mean = (from: number, to: number): number =>
      asked.slice(from, to).reduce((sum, one) => sum + one, 0) / (to - from);
    expect(mean(0, 40)).toBe(100);
    expect(mean(52, 60)).toBeLessThan(35); // 2 asked for per accepted: about twice the capacity
    expect(mean(52, 60)).toBeGreaterThan(10);
    expect(mean(100, 120)).toBe(100);
  });

  it('only says so in a dry run', () => {
    const { throttle, history, setLuck } = throttled({ dryRun: true, minimumCalls: 0 });
    history(100, 0);
    setLuck(0);

    expect(throttle.tryEnter().ok).toBe(true);
    expect(throttle.snapshot().wouldRefuse).toBe(1);
  });

  it.each([
    ['callsPerAccepted', 0.5],
    ['windowMs', 0],
    ['minimumCalls', -1],
    ['maxRefusedRatio', 1.1],
    ['isAccepted', 1],
    ['nonsense', 1],
  ])('refuses a wrong %s', (option, value) => {
    expect(() => clientThrottle({ [option]: value } as object)).toThrow(`clientThrottle.${option}`);
  });
});

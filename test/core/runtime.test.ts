// These tests run on the real clock: they are about the runtime that reads it.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { systemRuntime, TimeoutError } from '../../src/core/index.ts';

const runtime = systemRuntime();

describe('the system runtime', () => {
  it('is one shared object per clock', () => {
    expect(systemRuntime()).toBe(runtime);
    expect(systemRuntime({ clock: 'coarse' })).toBe(systemRuntime({ clock: 'coarse' }));
    expect(systemRuntime({ clock: 'coarse' })).not.toBe(runtime);
    expect(systemRuntime({ onFault: () => undefined })).not.toBe(runtime);
  });

  it('never rings an alarm before its time, and rings in order', async () => {
    const rung: string[] = [];
    const early: number[] = [];
    const start = runtime.now();
    const alarm = (name: string, ms: number) => ({
      alarmId: -1,
      ring: () => {
        rung.push(name);
        if (runtime.now() < start + ms) early.push(ms);
      },
    });

    runtime.armAt(alarm('late', 12), start + 12);
    runtime.armAt(alarm('soon', 2.5), start + 2.5);
    runtime.armAt(alarm('soon too', 2.5), start + 2.5);
    const never = alarm('never', 5);
    runtime.armAt(never, start + 5);
    runtime.disarm(never);
    runtime.disarm(never);
    await runtime.sleep(20);

    expect(rung).toEqual(['soon', 'soon too', 'late']);
    expect(early).toEqual([]);
  });

  it('moves an armed alarm', async () => {
    let rung = 0;
    const alarm = { alarmId: -1, ring: () => void rung++ };
    runtime.arm(alarm, 1);
    runtime.arm(alarm, 60_000);

    await runtime.sleep(10);
    runtime.disarm(alarm);

    expect(rung).toBe(0);
  });

  it('wakes a sleeper at once when its signal aborts, with the reason', async () => {
    const controller = new AbortController();
    const sleep = runtime.sleep(60_000, controller.signal);
    const reason = new Error('changed my mind');

    controller.abort(reason);

    await expect(sleep).rejects.toBe(reason);
    await expect(runtime.sleep(1, controller.signal)).rejects.toBe(reason);
  });

  it('aborts a time-out signal with a TimeoutError', async () => {
    const signal = runtime.timeoutSignal(3);

    await runtime.sleep(10);

    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(TimeoutError);
  });

  it('goes on ringing after an alarm that throws, and reports it', async () => {
    const faults: string[] = [];
    const own = systemRuntime({
      onFault: (error, origin) => faults.push(`${origin}: ${String(error)}`),
    });
    let rung = false;
    own.arm(
      {
        alarmId: -1,
        ring: () => {
          throw new Error('bad alarm');
        },
      },
      1,
    );
    own.arm({ alarmId: -1, ring: () => void (rung = true) }, 1);

    await own.sleep(5);

    expect(rung).toBe(true);
    expect(faults).toEqual(['runtime: alarm: Error: bad alarm']);
  });

  it('survives a fault handler that throws', () => {
    const own = systemRuntime({
      onFault: () => {
        throw new Error('handler');
      },
    });

    expect(() => own.report(new Error('x'), 'test')).not.toThrow();
  });

  it('samples the load of the process', () => {
    const { eventLoopDelayMs, heapRatio, cpuRatio } = runtime.signals();

    expect(heapRatio).toBeGreaterThan(0);
    expect(heapRatio).toBeLessThan(1);
    expect(eventLoopDelayMs).toBeGreaterThanOrEqual(0);
    expect(cpuRatio).toBeGreaterThanOrEqual(0);
  });

  it.each(['background', 'disarmed'])('keeps no process alive for a %s alarm', (kind) => {
    const program = `
      import { systemRuntime } from './src/core/index.ts';
      const runtime = systemRuntime();
      const alarm = { alarmId: -1, ring() {}, background: ${kind === 'background'} };
      runtime.arm(alarm, 60_000);
      if (${kind === 'disarmed'}) runtime.disarm(alarm);
      runtime.timeoutSignal(60_000);
      runtime.signals();
    `;

    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { timeout: 15_000, encoding: 'utf8' },
    );

    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe('yielding', () => {
  it('lets other turns of the event loop happen', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('another turn'));

    await runtime.yield();
    order.push('after yielding');

    expect(order).toEqual(['another turn', 'after yielding']);
  });
});

describe('the coarse clock', () => {
  const coarse = systemRuntime({ clock: 'coarse' });

  it('reads once per turn of the event loop', async () => {
    const first = coarse.now();
    const until = runtime.now() + 3;
    while (runtime.now() < until);

    expect(coarse.now()).toBe(first);
    await coarse.sleep(1);
    expect(coarse.now()).toBeGreaterThan(first + 2);
  });

  it('is never behind an alarm that rings', async () => {
    const start = coarse.now();
    const seen = await new Promise<number>((resolve) => {
      coarse.armAt({ alarmId: -1, ring: () => resolve(coarse.now()) }, start + 5);
    });

    expect(seen).toBeGreaterThanOrEqual(start + 5);
  });

  it('sees time pass in a loop of awaits that never ends its turn', async () => {
    const start = coarse.now();

    for (let i = 0; i < 5_000_000 && coarse.now() === start; i++) await Promise.resolve();

    expect(coarse.now()).toBeGreaterThan(start);
  });
});

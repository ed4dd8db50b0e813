import { describe, expect, it } from 'vitest';
import { virtualRuntime } from '../../src/sim/index.ts';
import { ourWorld } from './our-world.ts';
import { probes } from './probes.ts';

describe('the hard cases', () => {
  it.each(probes)('$name', async (probe) => {
    const runtime = virtualRuntime({ seed: 9 });

    const verdict = await runtime.run(() => probe.ask(ourWorld(runtime)));

    expect(verdict).toMatchObject({ passed: true });
    expect(runtime.faults).toEqual([]);
  });
});

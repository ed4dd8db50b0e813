import { describe, expect, it } from 'vitest';
import { emitter } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

interface Events {
  readonly opened: { readonly at: number };
  readonly closed: undefined;
}

describe('events', () => {
  it('reach their listeners in order until these are disposed of', () => {
    const events = emitter<Events>(virtualRuntime(), 'door');
    const heard: string[] = [];
    const first = events.on('opened', ({ at }) => heard.push(`first ${at}`));
    events.on('opened', ({ at }) => heard.push(`second ${at}`));

    events.emit('opened', { at: 1 });
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    events.emit('opened', { at: 2 });

    expect(heard).toEqual(['first 1', 'second 1', 'second 2']);
  });

  it('go on after a listener that throws, whose error is reported', () => {
    const runtime = virtualRuntime();
    const events = emitter<Events>(runtime, 'door');
    const error = new Error('broken listener');
    let reached = false;
    events.on('opened', () => {
      throw error;
    });
    events.on('opened', () => {
      reached = true;
    });

    events.emit('opened', { at: 1 });

    expect(reached).toBe(true);
    expect(runtime.faults).toEqual([{ error, origin: "door: listener of 'opened'", at: 0 }]);
  });

  it('know whether anybody listens', () => {
    const events = emitter<Events>(virtualRuntime(), 'door');
    const handle = events.on('closed', () => undefined);

    expect([events.has('closed'), events.has('opened')]).toEqual([true, false]);
    handle[Symbol.dispose]();
    expect(events.has('closed')).toBe(false);
  });

  it('let a listener leave while it is being called', () => {
    const events = emitter<Events>(virtualRuntime(), 'door');
    const heard: string[] = [];
    const once = events.on('closed', () => {
      heard.push('once');
      once[Symbol.dispose]();
    });
    events.on('closed', () => heard.push('always'));

    events.emit('closed', undefined);
    events.emit('closed', undefined);

    expect(heard).toEqual(['once', 'always', 'always']);
  });
});

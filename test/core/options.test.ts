import { describe, expect, it } from 'vitest';
import { OptionError, optionChecks } from '../../src/core/index.ts';

const check = optionChecks('thing');

describe('option checks', () => {
  it.each([
    ['positive', 0],
    ['positive', -1],
    ['positive', NaN],
    ['positive', Infinity],
    ['positive', '5'],
    ['nonNegative', -0.1],
    ['count', 1.5],
    ['count', 0],
    ['count', 2 ** 60],
    ['ratio', 1.01],
    ['ratio', -0.01],
    ['durationMs', 0],
    ['durationMs', -Infinity],
    ['text', ''],
    ['text', 7],
  ] as const)('%s refuses %s', (kind, value) => {
    expect(() => check[kind]('size', value)).toThrow(OptionError);
    expect(() => check[kind]('size', value)).toThrow(/^thing\.size must be /);
  });

  it('let through what is in range and return it', () => {
    expect(check.positive('a', 0.5)).toBe(0.5);
    expect(check.nonNegative('a', 0)).toBe(0);
    expect(check.count('a', 3)).toBe(3);
    expect(check.ratio('a', 1)).toBe(1);
    expect(check.durationMs('a', Infinity)).toBe(Infinity);
    expect(check.oneOf('a', 'x', ['x', 'y'])).toBe('x');
  });

  it('refuse what is no object of values by name', () => {
    const shares = { live: 0.7 };

    expect(check.record('shares', shares)).toBe(shares);
    for (const wrong of [[0.7], undefined, null, 'live']) {
      expect(() => check.record('shares', wrong as object)).toThrow(
        'thing.shares must be an object of values by name, got ',
      );
    }
  });

  it('refuse what lacks a method of the port it should be', () => {
    const port = { get: () => 1, set: (_value: number) => undefined };

    expect(check.methods('store', port, ['get', 'set'])).toBe(port);
    for (const wrong of [{ get: port.get }, undefined, null, 'store']) {
      expect(() => check.methods('store', wrong as typeof port, ['get', 'set'])).toThrow(
        'thing.store must be an object with get, set, got ',
      );
    }
  });

  it('say the whole range', () => {
    expect(() => check.number('n', 9, { min: 1, max: 5, integer: true })).toThrow(
      'thing.n must be a whole number from 1 to 5, got 9',
    );
    expect(() => check.oneOf('mode', 'z', ['x', 'y'])).toThrow(
      `thing.mode must be one of 'x', 'y', got "z"`,
    );
  });

  it('refuse an option nobody knows, with the names of those there are', () => {
    expect(() => check.known({ capcity: 1 } as never, ['capacity'] as never)).toThrow(
      'thing.capcity must be absent: the options are capacity, got 1',
    );
    expect(() => check.known(null as never, [])).toThrow('thing must be an object of options');
  });
});

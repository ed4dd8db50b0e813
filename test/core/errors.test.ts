import { describe, expect, it } from 'vitest';
import {
  isRejectedError,
  isTenfoldError,
  OptionError,
  RejectedError,
  stackless,
  StoreError,
  TimeoutError,
} from '../../src/core/index.ts';

describe('errors', () => {
  it('are told by their brand, not by their class', () => {
    const foreignCopy = Object.assign(new Error('x'), { [Symbol.for('tenfold.error')]: true });

    expect(isTenfoldError(foreignCopy)).toBe(true);
    expect(isTenfoldError(new Error('x'))).toBe(false);
    expect(isTenfoldError(undefined)).toBe(false);
  });

  it('tell a refusal from a time-out and from a store failure', () => {
    const refusal = new RejectedError('ERR_QUEUE_FULL', 'full', {
      policy: 'line',
      retryAfterMs: 5,
    });

    expect(isRejectedError(refusal)).toBe(true);
    expect(refusal).toMatchObject({ code: 'ERR_QUEUE_FULL', policy: 'line', retryAfterMs: 5 });
    expect(isRejectedError(new TimeoutError('late', 10))).toBe(false);
    expect(isRejectedError(new StoreError('down', { cause: new Error('gone') }))).toBe(false);
  });

  it('keep the cause of a store failure', () => {
    const cause = new Error('ECONNREFUSED');

    expect(new StoreError('redis', { cause }).cause).toBe(cause);
  });

  it.each([
    [NaN, 'NaN'],
    ['', '""'],
    [null, 'null'],
    [12n, '12n'],
    [Symbol('s'), 'Symbol(s)'],
    [() => 1, 'a function'],
    [{ a: 1 }, '{"a":1}'],
    [[1, 2], '[1,2]'],
  ])('name the option and show %s as received', (value, shown) => {
    const error = new OptionError('bucket.capacity', 'a number', value);

    expect(error.message).toBe(`bucket.capacity must be a number, got ${shown}`);
    expect(error).toMatchObject({ code: 'ERR_OPTION', option: 'bucket.capacity', received: value });
  });

  it('show a value that cannot be printed without failing', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;

    expect(new OptionError('a.b', 'plain', cyclic).message).toContain('[object Object]');
  });

  it('carry no stack when made stackless, and leave the limit as it was', () => {
    const limit = Error.stackTraceLimit;

    const error = stackless(() => new TimeoutError('late', 10));

    expect(error.stack).not.toContain('errors.test');
    expect(Error.stackTraceLimit).toBe(limit);
    expect(new Error('x').stack).toContain('errors.test');
  });
});

import { describe, expect, it } from 'vitest';
import { RejectedError, retryAfterMs } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const runtime = virtualRuntime({ wallStartMs: Date.UTC(2026, 10, 20, 8, 0, 0) });
const refusal = (ms: number): RejectedError =>
  new RejectedError('ERR_RATE_LIMITED', 'no', { policy: 'p', retryAfterMs: ms });

describe('retryAfterMs', () => {
  it.each([
    ['a refusal', refusal(250), 250],
    ['a refusal that does not know', refusal(0), undefined],
    ['seconds in a Response', new Response('', { headers: { 'Retry-After': '120' } }), 120_000],
    ['seconds in plain headers', { headers: { 'retry-after': '1.5' } }, 1_500],
    ['a number in plain headers', { headers: { 'retry-after': 2 } }, 2_000],
    ['the response of an error', { response: { headers: { 'retry-after': '7' } } }, 7_000],
    [
      'milliseconds before seconds',
      { headers: { 'retry-after-ms': '90', 'retry-after': '1' } },
      90,
    ],
    ['a date', { headers: { 'retry-after': 'Fri, 20 Nov 2026 08:00:30 GMT' } }, 30_000],
    ['a date that has passed', { headers: { 'retry-after': 'Fri, 20 Nov 2026 07:00:00 GMT' } }, 0],
    ['nonsense', { headers: { 'retry-after': 'soon' } }, undefined],
    ['a negative number', { headers: { 'retry-after-ms': '-1' } }, undefined],
    ['no headers', new Error('x'), undefined],
    ['no object', 'later', undefined],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
  ])('reads %s', (_what, detail, expected) => {
    expect(retryAfterMs(detail, runtime)).toBe(expected);
  });
});

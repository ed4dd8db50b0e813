import { describe, expect, it } from 'vitest';
import { RejectedError, responseStatus, retryAfterMs } from '../../src/core/index.ts';
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
    ['a date of RFC 850', { headers: { 'retry-after': 'Friday, 20-Nov-26 08:00:30 GMT' } }, 30_000],
    ['a date of ISO 8601', { headers: { 'retry-after': '2026-11-20T08:00:30Z' } }, 30_000],
    [
      'seconds where no milliseconds are',
      { headers: { 'retry-after-ms': '', 'retry-after': '3' } },
      3_000,
    ],
    ['spaces around', { headers: { 'retry-after': ' 3 ' } }, 3_000],
    ['a number without end', { headers: { 'retry-after': '9'.repeat(400) } }, Infinity],
    ['nonsense', { headers: { 'retry-after': 'soon' } }, undefined],
    ...['-5', '+60', 'abc 5', '1e3', '0x10', '120, 120', '30;x', '3000 ms', 'Infinity', ''].map(
      (text): [string, unknown, undefined] => [
        `nothing in ${JSON.stringify(text)}`,
        { headers: { 'retry-after': text, 'retry-after-ms': text } },
        undefined,
      ],
    ),
    ['a negative number', { headers: { 'retry-after-ms': '-1' } }, undefined],
    ['no headers', new Error('x'), undefined],
    ['no object', 'later', undefined],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
  ])('reads %s', (_what, detail, expected) => {
    expect(retryAfterMs(detail, runtime)).toBe(expected);
  });

  it('reads a date without a zone as Greenwich time, wherever it runs', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'America/New_York';
    try {
      const asctime = { headers: { 'retry-after': 'Fri Nov 20 08:00:30 2026' } };
      expect(retryAfterMs(asctime, runtime)).toBe(30_000);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it("counts a date from the response's own, however wrong the clocks are", () => {
    const headers = {
      date: 'Fri, 20 Nov 2026 07:00:00 GMT',
      'retry-after': 'Fri, 20 Nov 2026 07:00:30 GMT',
    };

    expect(retryAfterMs({ headers }, runtime)).toBe(30_000);
    expect(retryAfterMs({ headers: { ...headers, date: 'today' } }, runtime)).toBe(0);
  });
});

describe('responseStatus', () => {
  it.each([
    [{ status: 429 }, 429],
    [{ statusCode: 503 }, 503],
    [{ response: { status: 429 } }, 429],
    [{ response: { statusCode: 503 } }, 503],
    [{ status: 'late', response: null }, undefined],
    [undefined, undefined],
  ])('reads %j', (detail, expected) => {
    expect(responseStatus(detail)).toBe(expected);
  });
});

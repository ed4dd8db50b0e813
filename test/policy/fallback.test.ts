import { describe, expect, it } from 'vitest';
import { fallback } from '../../src/policy/index.ts';

const boom = new Error('boom');
const fails = (): never => {
  throw boom;
};

describe('fallback', () => {
  it('answers with the first answer when there is one', async () => {
    await expect(fallback(() => 7, fails)).resolves.toBe(7);
  });

  it('makes another answer of the error', async () => {
    await expect(fallback(fails, (error) => (error === boom ? 'known' : 'other'))).resolves.toBe(
      'known',
    );
    await expect(
      fallback(
        () => Promise.reject(boom),
        async () => 8,
      ),
    ).resolves.toBe(8);
  });

  it('makes up only for the errors it is told to', async () => {
    await expect(fallback(fails, () => 8, { when: (error) => error !== boom })).rejects.toBe(boom);
  });

  it('makes nothing up for a caller who has gone', async () => {
    await expect(fallback(fails, () => 8, { signal: AbortSignal.abort() })).rejects.toBe(boom);
  });

  it('rejects with the error of the substitute where that fails', async () => {
    await expect(fallback(() => Promise.reject(new Error('first')), fails)).rejects.toBe(boom);
  });
});

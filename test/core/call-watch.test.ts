import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/core/index.ts';
import { cancelToken, TOKEN, watchCall } from '../../src/core/index.ts';

describe('watching a call', () => {
  const watched = (call: Call): { heard: unknown[]; watch: ReturnType<typeof watchCall> } => {
    const heard: unknown[] = [];
    const watch = watchCall(call, { cancelled: (reason) => heard.push(reason) });
    return { heard, watch };
  };

  it('costs nothing when nothing can cancel it', () => {
    expect(watched({ priority: 1 }).watch).toBeUndefined();
  });

  it.each(['token', 'signal'])('hears of its %s once', (which) => {
    const token = cancelToken();
    const controller = new AbortController();
    const { heard } = watched({ [TOKEN]: token, signal: controller.signal });

    if (which === 'token') token.cancel('first');
    else controller.abort('first');
    token.cancel('second');
    controller.abort('second');

    expect(heard).toEqual(['first']);
  });

  it('hears at once of what has already been cancelled', () => {
    expect(watched({ signal: AbortSignal.abort('before') }).heard).toEqual(['before']);
  });

  it('hears nothing after it was ended', () => {
    const token = cancelToken();
    const controller = new AbortController();
    const { heard, watch } = watched({ [TOKEN]: token, signal: controller.signal });

    watch?.end();
    watch?.end();
    token.cancel('late');
    controller.abort('late');

    expect(heard).toEqual([]);
  });
});

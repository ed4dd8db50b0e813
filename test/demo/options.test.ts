import { describe, expect, it } from 'vitest';
import { parseOptions, USAGE } from '../../examples/demo/options.ts';

describe('parseOptions', () => {
  it('has defaults for everything', () => {
    const options = parseOptions([]);

    expect(options).toMatchObject({
      scales: [1, 2, 5, 10],
      seed: 1,
      jitterMs: 1_000,
      without: [],
      shares: true,
      bad: { from: 28 * 60_000, to: 33 * 60_000 },
      report: 'report.html',
      json: false,
    });
  });

  it('reads every option the usage names', () => {
    const options = parseOptions(
      [
        '--scale 10,1,10 --seed 7 --jitter 500ms --trace a/code.csv --trace chat=b.csv',
        '--without breaker --without deadline --hardware a100 --token-ms 20 --worker-start 1m',
        '--bad none --report none --json --quiet',
      ]
        .join(' ')
        .split(' '),
    );

    expect(options).toMatchObject({
      scales: [1, 10],
      seed: 7,
      jitterMs: 500,
      traces: [
        { path: 'a/code.csv', service: { name: 'code', priority: 1 } },
        { path: 'b.csv', service: { name: 'chat', priority: 0 } },
      ],
      without: ['breaker', 'deadline'],
      shares: false,
      speed: { label: 'speeds given on the command line' },
      bad: undefined,
      workerStartMs: 60_000,
      report: undefined,
      json: true,
      quiet: true,
    });
    expect(options).toHaveProperty('speed.token.4', [16, 20]);
    for (const name of USAGE.match(/--[a-z-]+/g) ?? []) {
      expect(() => parseOptions([name, '1'])).not.toThrow(/Unknown option/);
    }
  });

  it('asks for help before it looks at anything else', () => {
    expect(parseOptions(['--help', '--scale', 'x'])).toBe('help');
  });

  it.each([
    ['--speed=9', /Unknown option '--speed'/],
    ['extra', /Unexpected argument 'extra'/],
    ['--scale=0', /--scale must be a whole number from 1 to 100, got "0"/],
    ['--scale=1.5', /--scale/],
    ['--scale=', /--scale/],
    ['--seed=-1', /--seed/],
    ['--seed=NaN', /--seed/],
    ['--jitter=1', /--jitter must be a duration such as 500ms, 1s or 2m, got "1"/],
    ['--without=luck', /--without must be one of admission, .*, got "luck"/],
    ['--hardware=cpu', /--hardware must be h100 or a100, got "cpu"/],
    ['--token-ms=0', /--token-ms must be a number above 0, got "0"/],
    ['--bad=33m-28m', /--bad must end after it begins/],
    ['--bad=5m', /--bad must be FROM-TO/],
    ['--scale', /--scale/],
  ])('refuses %s and says why', (argument, message) => {
    expect(() => parseOptions([argument])).toThrow(message);
  });
});

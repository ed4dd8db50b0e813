import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NomadStrategy } from '../../src/scale/index.ts';
import {
  nomad,
  nomadFixedValue,
  nomadPassThrough,
  nomadTargetValue,
  nomadThreshold,
  scalingEngine,
} from '../../src/scale/index.ts';
import { factorDirection } from '../../src/scale/presets/nomad-strategies.ts';
import type { CheckResult } from '../../src/scale/presets/nomad.ts';
import { cappedAction, isNeeded, pickWinner, preempt } from '../../src/scale/presets/nomad.ts';

interface ActionRow {
  readonly direction: 'recommendation' | 'up' | 'down' | 'none';
  readonly count?: number;
  readonly reason?: string;
}

const vectors = JSON.parse(readFileSync('test/vectors/scale-nomad.json', 'utf8')) as {
  readonly strategies: readonly {
    readonly id: string;
    readonly name: string;
    readonly strategy: 'target-value' | 'fixed-value' | 'pass-through' | 'threshold';
    readonly input: {
      readonly count: number;
      readonly metrics: readonly number[];
      readonly config: Readonly<Record<string, string>>;
    };
    readonly expected: {
      readonly action?: ActionRow | null;
      readonly error?: string;
      readonly errorContains?: string;
    };
  }[];
  readonly direction: readonly {
    readonly id: string;
    readonly strategy: 'target-value' | 'fixed-value' | 'pass-through';
    readonly input: {
      readonly count: number;
      readonly inputFactor: number;
      readonly threshold: number;
      readonly fixedCount: number;
      readonly inputMetric: number;
    };
    readonly expected: string;
  }[];
  readonly capCount: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: {
      readonly count: number;
      readonly reason: string;
      readonly min: number;
      readonly max: number;
    };
    readonly expected: { readonly count: number; readonly capped: boolean };
  }[];
  readonly preempt: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: { readonly a: ActionRow; readonly b: ActionRow };
    readonly expected: ActionRow;
  }[];
  readonly pickWinner: readonly {
    readonly id: string;
    readonly name: string;
    readonly input: {
      readonly groups: Readonly<
        Record<string, readonly { readonly check: string; readonly action: ActionRow | null }[]>
      >;
    };
    readonly expected: { readonly action: ActionRow | null; readonly check: string | null };
  }[];
  readonly scalingNeeded: readonly {
    readonly id: string;
    readonly input: {
      readonly direction: ActionRow['direction'];
      readonly actionCount: number;
      readonly currentCount: number;
    };
    readonly expected: boolean;
  }[];
};

/** Nomad's configuration is text; what is no number becomes NaN, which the options refuse. */
function strategyOf(
  kind: (typeof vectors.strategies)[number]['strategy'],
  config: Readonly<Record<string, string>>,
): NomadStrategy {
  const number = (key: string, name: string): object =>
    config[key] === undefined ? {} : { [name]: Number(config[key]) };
  const step = {
    ...number('max_scale_up', 'maxScaleUp'),
    ...number('max_scale_down', 'maxScaleDown'),
  };
  switch (kind) {
    case 'target-value':
      return nomadTargetValue({
        ...step,
        target: Number(config['target']),
        ...number('threshold', 'threshold'),
      });
    case 'fixed-value':
      return nomadFixedValue({ value: Number(config['value']) });
    case 'pass-through':
      return nomadPassThrough(step);
    case 'threshold':
      return nomadThreshold({
        ...number('lower_bound', 'lowerBound'),
        ...number('upper_bound', 'upperBound'),
        ...number('within_bounds_trigger', 'withinBoundsTrigger'),
        ...number('delta', 'delta'),
        ...number('percentage', 'percentage'),
        ...number('value', 'value'),
      });
  }
}

function action({ direction, count = 0, reason = '' }: ActionRow) {
  return { direction, count, reason };
}

describe('strategies of the Nomad Autoscaler', () => {
  it.each(vectors.strategies.map((row) => [row.id, row.strategy, row.name, row] as const))(
    '%s: %s: %s',
    (_, __, ___, { strategy, input, expected }) => {
      const run = () => strategyOf(strategy, input.config)(input.metrics, input.count);

      if (expected.error !== undefined || expected.errorContains !== undefined) {
        expect(run).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
        return;
      }
      const answer = run();
      const wanted = expected.action ?? { direction: 'none' as const };
      expect(answer.direction).toBe(wanted.direction);
      if (wanted.count !== undefined && wanted.direction !== 'none') {
        expect(answer.count).toBe(wanted.count);
      }
    },
  );

  it.each(vectors.direction)('$id: direction of $strategy', ({ strategy, input, expected }) => {
    const { count } = input;
    const direction =
      strategy === 'target-value'
        ? factorDirection(count, input.inputFactor, input.threshold)
        : strategy === 'fixed-value'
          ? nomadFixedValue({ value: input.fixedCount })([], count).direction
          : nomadPassThrough()([input.inputMetric], count).direction;

    expect(direction).toBe(expected);
  });

  it.each(vectors.capCount)('$id: caps: $name', ({ input, expected }) => {
    const before = action({ direction: 'up', ...input });
    const after = cappedAction(before, input);

    expect(after.count).toBe(expected.count);
    expect(after !== before).toBe(expected.capped);
  });

  it.each(vectors.preempt)('$id: pre-empts: $name', ({ input, expected }) => {
    expect(preempt(action(input.a), action(input.b))).toEqual(action(expected));
  });

  it.each(vectors.pickWinner)('$id: picks the winner: $name', ({ input, expected }) => {
    const groups = Object.fromEntries(
      Object.entries(input.groups).map(([group, results]) => [
        group,
        results.map(({ check, action: row }): CheckResult => ({
          check,
          action: row === null ? undefined : action(row),
        })),
      ]),
    );

    const winner = pickWinner(groups);

    expect(winner?.check ?? null).toBe(expected.check);
    expect(winner?.action ?? null).toEqual(
      expected.action === null ? null : action(expected.action),
    );
  });

  it.each(vectors.scalingNeeded)('$id: acts or not', ({ input, expected }) => {
    const row = action({ direction: input.direction, count: input.actionCount });

    expect(isNeeded(row, input.currentCount)).toBe(expected);
  });
});

describe('nomad()', () => {
  const options = {
    min: 1,
    max: 50,
    checks: { queue: { metric: 'queue', strategy: nomadTargetValue({ target: 10 }) } },
  };

  it('grows by the factor, then cools down', () => {
    const engine = scalingEngine(nomad(options));

    const first = engine.decide(undefined, { fleet: 2, metrics: { queue: 30 } }, 0);
    const second = engine.decide(first.state, { fleet: 6, metrics: { queue: 30 } }, 299_999);
    const third = engine.decide(second.state, { fleet: 6, metrics: { queue: 30 } }, 300_000);

    expect([first, second, third].map(({ decision }) => decision.desired)).toEqual([6, 6, 18]);
    expect(second.decision).toMatchObject({ limitedBy: 'coolDown', nextEligibleAt: 300_000 });
  });

  it('waits for enough points within the bounds', () => {
    const strategy = nomadThreshold({ lowerBound: 80, delta: 2, withinBoundsTrigger: 3 });
    const engine = scalingEngine(
      nomad({ ...options, checks: { cpu: { metric: 'cpu', strategy } } }),
    );
    let state: Parameters<typeof engine.decide>[0];
    const desired = [90, 85, 10, 95].map((cpu, i) => {
      const step = engine.decide(state, { fleet: 4, metrics: { cpu } }, i * 10_000);
      state = step.state;
      return step.decision.desired;
    });

    expect(desired).toEqual([4, 4, 4, 6]);
  });

  it('leaves out a check without data, or stops, as told', () => {
    const more = { metric: 'more', strategy: nomadFixedValue({ value: 9 }) };
    const ignoring = nomad({ ...options, checks: { ...options.checks, more } });
    const failing = nomad({
      ...options,
      checks: { queue: { ...options.checks.queue, onError: 'fail' }, more },
    });
    const desired = [ignoring, failing].map(
      (parts) =>
        scalingEngine(parts).decide(undefined, { fleet: 2, metrics: { more: 1 } }, 0).decision
          .desired,
    );

    expect(desired).toEqual([9, 2]);
  });
});

/**
 * `spec.behavior` of a HorizontalPodAutoscaler: its defaults, and the stages it stands for.
 *
 * Source: kubernetes/kubernetes, pkg/apis/autoscaling/v2/defaults.go and
 * pkg/controller/podautoscaler/horizontal.go (2026). Without `behavior`, the controller takes an older
 * path: `legacyStages`.
 */

import type { OptionChecks } from '../../core/index.ts';
import { requireObjects } from '../plug-ins.ts';
import type { Adjustment, Stage } from '../ports.ts';
import type { Rate, RateRule } from '../stages/rate-limits.ts';
import { rateLimits } from '../stages/rate-limits.ts';
import type { WindowEntry } from '../stages/stabilisation.ts';
import { slide, stabilisation } from '../stages/stabilisation.ts';

/** A scaling policy as Kubernetes writes it. */
export interface HpaScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  /** Pods, or per cent; above 0. */
  readonly value: number;
  /** 1 to 1800. */
  readonly periodSeconds: number;
}

/** Scaling rules of one direction as Kubernetes writes them; null counts as absent. */
export interface HpaScalingRules {
  /** 0 to 3600. @default 0 up; down, the controller's 300 */
  readonly stabilizationWindowSeconds?: number | null;
  /** @default 'Max' */
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled' | null;
  /** @default up: 4 Pods and 100 Percent per 15 s; down: 100 Percent per 15 s */
  readonly policies?: readonly HpaScalingPolicy[] | null;
  /** Share of the target within which nothing changes; 0 or more. @default the controller's 0.1 */
  readonly tolerance?: number | null;
}

/** Rules with nothing left open but the window down, which is the controller's own. */
export interface FullScalingRules {
  readonly stabilizationWindowSeconds: number | null;
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly HpaScalingPolicy[];
}

const DEFAULTS: Readonly<Record<'up' | 'down', FullScalingRules>> = {
  up: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  },
  down: {
    stabilizationWindowSeconds: null,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
};

/** Fills in what is left open. */
export function fullScalingRules(
  direction: 'up' | 'down',
  rules: HpaScalingRules | null | undefined,
): FullScalingRules {
  const defaults = DEFAULTS[direction];
  return {
    stabilizationWindowSeconds:
      rules?.stabilizationWindowSeconds ?? defaults.stabilizationWindowSeconds,
    selectPolicy: rules?.selectPolicy ?? defaults.selectPolicy,
    policies: rules?.policies ?? defaults.policies,
  };
}

/** The stages of `behavior`: stabilise, then limit the rate. */
export function behaviorStages(
  behavior: {
    readonly scaleUp?: HpaScalingRules | null;
    readonly scaleDown?: HpaScalingRules | null;
  },
  downscaleStabilizationMs: number,
  check: OptionChecks,
): readonly Stage[] {
  const up = fullScalingRules('up', behavior.scaleUp);
  const down = fullScalingRules('down', behavior.scaleDown);
  checkRules(check, 'behavior.scaleUp', up);
  checkRules(check, 'behavior.scaleDown', down);
  const downSeconds = down.stabilizationWindowSeconds;
  return [
    stabilisation({
      outMs: (up.stabilizationWindowSeconds ?? 0) * 1000,
      inMs: downSeconds === null ? downscaleStabilizationMs : downSeconds * 1000,
    }),
    rateLimits({ out: rateRule(up), in: rateRule(down) }),
  ];
}

function checkRules(check: OptionChecks, path: string, rules: FullScalingRules): void {
  const { stabilizationWindowSeconds: seconds, policies } = rules;
  if (seconds !== null) {
    check.number(`${path}.stabilizationWindowSeconds`, seconds, {
      min: 0,
      max: 3600,
      integer: true,
    });
  }
  check.oneOf(`${path}.selectPolicy`, rules.selectPolicy, ['Max', 'Min', 'Disabled']);
  requireObjects(check, `${path}.policies`, policies);
  policies.forEach(({ type, value, periodSeconds }, i) => {
    check.oneOf(`${path}.policies[${i}].type`, type, ['Pods', 'Percent']);
    check.count(`${path}.policies[${i}].value`, value);
    const range = { min: 1, max: 1800, integer: true };
    check.number(`${path}.policies[${i}].periodSeconds`, periodSeconds, range);
  });
}

function rateRule({ selectPolicy, policies }: FullScalingRules): RateRule | 'never' {
  if (selectPolicy === 'Disabled') return 'never';
  return { select: selectPolicy === 'Max' ? 'most' : 'least', rates: policies.map(rateOf) };
}

function rateOf({ type, value, periodSeconds }: HpaScalingPolicy): Rate {
  const periodMs = periodSeconds * 1000;
  return type === 'Pods' ? { units: value, periodMs } : { ratio: value / 100, periodMs };
}

/** The stages without `behavior`: the window's largest wish, then at most `factor` times as many. */
export function legacyStages(options: {
  readonly downscaleStabilizationMs: number;
  readonly scaleUpLimitFactor: number;
  readonly scaleUpLimitMinimum: number;
}): readonly Stage[] {
  const { downscaleStabilizationMs, scaleUpLimitFactor, scaleUpLimitMinimum } = options;
  const window: Stage<readonly WindowEntry[]> = {
    name: 'stabilisation',
    adjust(desired, { now, fleet, blind }, state): Adjustment<readonly WindowEntry[]> {
      const before = state ?? [[now, fleet.current]];
      if (blind) return { desired, state: before };
      const wish: WindowEntry = [now, desired];
      const next = slide(before, wish, downscaleStabilizationMs, (older, newer) => older <= newer);
      const highest = next[0] as WindowEntry;
      return {
        desired: highest[1],
        state: next,
        until: highest[0] + downscaleStabilizationMs,
        why: `${highest[1]} was wished for within ${downscaleStabilizationMs / 1000} s`,
      };
    },
  };
  const limit: Stage = {
    name: 'scaleUpLimit',
    adjust(desired, { fleet }): Adjustment {
      const most = Math.trunc(Math.max(scaleUpLimitFactor * fleet.current, scaleUpLimitMinimum));
      return desired > most ? { desired: most, why: `at most ${most} at once` } : { desired };
    },
  };
  return [window, limit];
}

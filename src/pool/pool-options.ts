/** From the options of a pool to its settings: checked once, complete. */

import type { OptionChecks, Runtime } from '../core/index.ts';
import { optionChecks, systemRuntime } from '../core/index.ts';
import type { ElasticPoolOptions } from './elastic-pool.ts';
import type { RecycleRules } from './recycling.ts';
import type { PoolLimits } from './sizing.ts';
import type { SpecialityRules } from './specialities.ts';
import type { WorkerMakerOptions } from './worker-maker.ts';
import type { PoolOptions, RecycleOptions, SpecialityOptions } from './types.ts';

/** @throws OptionError for an option out of range */
export function checkedOptions<R>(
  options: PoolOptions<R>,
  check: OptionChecks,
): ElasticPoolOptions<R> {
  check.known(options, [
    'create',
    'destroy',
    'validate',
    'min',
    'max',
    'spares',
    'idleMs',
    'createTimeoutMs',
    'destroyTimeoutMs',
    'validateTimeoutMs',
    'createBackoff',
    'createAttempts',
    'recycle',
    'specialities',
    'scaleIn',
    'leakAfterMs',
    'name',
    'runtime',
  ]);
  const { name = 'pool', runtime = systemRuntime(), scaleIn = {} } = options;
  const { min = 0, max, recycle = {}, specialities } = options;
  optionChecks('pool.scaleIn').known(scaleIn, ['victim', 'veto']);
  return {
    ...checkedMaking(options, check),
    validate: options.validate && check.callable('validate', options.validate),
    validateTimeoutMs: check.durationMs('validateTimeoutMs', options.validateTimeoutMs ?? Infinity),
    limits: checkedLimits({ min, max, target: undefined }, check),
    spares: check.number('spares', options.spares ?? 0, { min: 0, integer: true }),
    idleMs: check.durationMs('idleMs', options.idleMs ?? 30_000),
    recycle: checkedRecycling(recycle, check),
    specialities: specialities && checkedSpecialities(specialities, { check, runtime, name }),
    victim: scaleIn.victim && check.callable('scaleIn.victim', scaleIn.victim),
    veto: check.callable('scaleIn.veto', scaleIn.veto ?? never),
    leakAfterMs: check.durationMs('leakAfterMs', options.leakAfterMs ?? Infinity),
    name: check.text('name', name),
    runtime,
  };
}

function checkedMaking<R>(
  options: PoolOptions<R>,
  check: OptionChecks,
): Omit<WorkerMakerOptions<R>, 'name' | 'runtime'> {
  const { createTimeoutMs = Infinity, destroyTimeoutMs = Infinity } = options;
  const { createBackoff = {}, createAttempts = 3 } = options;
  optionChecks('pool.createBackoff').known(createBackoff, ['baseMs', 'maxMs']);
  return {
    create: check.callable('create', options.create),
    destroy: check.callable('destroy', options.destroy ?? nothing),
    createTimeoutMs: check.durationMs('createTimeoutMs', createTimeoutMs),
    destroyTimeoutMs: check.durationMs('destroyTimeoutMs', destroyTimeoutMs),
    createBackoff: {
      baseMs: check.positive('createBackoff.baseMs', createBackoff.baseMs ?? 100),
      maxMs: check.positive('createBackoff.maxMs', createBackoff.maxMs ?? 10_000),
    },
    createAttempts: check.count('createAttempts', createAttempts),
  };
}

/** @throws OptionError for bounds that make no sense */
export function checkedLimits(given: PoolLimits, check: OptionChecks): PoolLimits {
  const max = check.count('max', given.max);
  check.number('min', given.min, { min: 0, max, integer: true });
  const { target } = given;
  if (target !== undefined) check.number('target', target, { min: 0, integer: true });
  return { min: given.min, max, target };
}

function checkedRecycling<R>(given: RecycleOptions<R>, check: OptionChecks): RecycleRules<R> {
  const RULES = ['maxUses', 'maxLifetimeMs', 'maxBytes', 'bytesOf', 'afterFailure'] as const;
  optionChecks('pool.recycle').known(given, RULES);
  const { maxUses = Infinity, maxLifetimeMs = Infinity, maxBytes = Infinity, bytesOf } = given;
  if ((bytesOf === undefined) !== (maxBytes === Infinity)) {
    check.refuse('recycle.bytesOf', 'given together with maxBytes', bytesOf);
  }
  return {
    maxUses: check.number('recycle.maxUses', maxUses, { min: 1, integer: true, infinite: true }),
    maxLifetimeMs: check.durationMs('recycle.maxLifetimeMs', maxLifetimeMs),
    maxBytes: check.number('recycle.maxBytes', maxBytes, { above: 0, infinite: true }),
    bytesOf: bytesOf && check.callable('recycle.bytesOf', bytesOf),
    afterFailure: check.callable('recycle.afterFailure', given.afterFailure ?? never),
  };
}

function checkedSpecialities<R>(
  given: SpecialityOptions<R>,
  { check, runtime, name }: { check: OptionChecks; runtime: Runtime; name: string },
): SpecialityRules<R> {
  optionChecks('pool.specialities').known(given, ['of', 'canDo', 'shares']);
  const shares = new Map(Object.entries(given.shares ?? {}));
  let sum = 0;
  for (const [speciality, share] of shares) {
    sum += check.number(`specialities.shares.${speciality}`, share, { min: 0, max: 1 });
  }
  if (sum > 1 + 1e-9) {
    check.refuse('specialities.shares', 'at most 1 in all', given.shares);
  }
  const of = given.of && check.callable('specialities.of', given.of);
  return {
    of: of ?? (({ kind }) => kind),
    canDo: given.canDo && check.callable('specialities.canDo', given.canDo),
    shares,
    report: (error, callback) => runtime.report(error, `${name}: ${callback}`),
  };
}

const nothing = (): void => undefined;
const never = (): boolean => false;

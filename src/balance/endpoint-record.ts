/** One endpoint as the balancer knows it: all that is not read by every pick. */

import type { OptionChecks } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { DrainReport, Endpoint, EndpointInput, EndpointReport } from './endpoint.ts';
import type { EndpointState } from './endpoint.ts';

/** An endpoint with every field filled in; without capabilities it can do anything. */
export type FullEndpoint<T> = Required<Omit<Endpoint<T>, 'capabilities'>> &
  Pick<Endpoint<T>, 'capabilities'>;

/** The drain of an endpoint, as its record knows it. */
export interface Departure {
  readonly over: Promise<DrainReport>;
  /** Gives up at `deadline`, or before if that was said before. */
  endBy(deadline: number): void;
  /** Whether it is over: a call or a session has ended, time has passed, or the endpoint was removed. */
  look(now?: number): void;
}

export class EndpointRecord<T> {
  readonly slot: number;
  endpoint: FullEndpoint<T>;
  /** What active checks say; `unknown` before the first answer, where one is waited for. */
  health: 'healthy' | 'degraded' | 'unhealthy' | 'unknown' = 'healthy';
  isDraining = false;
  isGone = false;
  /** False: not in this client's subset. */
  isInside = true;
  /** Ejected until then; 0 when it is not. */
  ejectedUntil = 0;
  /** How many times as long as the first the last ejection was to last; 0: there was none. */
  severity = 0;
  /** When the last ejection ended. */
  returnedAt: number = -Infinity;
  ejections = 0;
  consecutiveFailures = 0;
  /** Calls ended in the interval of the outlier watch. */
  intervalSuccesses = 0;
  intervalFailures = 0;
  isWarming = false;
  /** When its slow start began. */
  startedAt = 0;
  /** Factor on its weight, as reported. */
  capacity = 1;
  failures = 0;
  /** Calls sent before the last change of endpoints. */
  callsBefore = 0;
  /** Names of the sessions kept here, the latest used last. */
  readonly sessions: Set<string> = new Set();
  /** Its drain, which is told when a call or a session has ended. */
  drain: Departure | undefined = undefined;

  constructor(slot: number, endpoint: FullEndpoint<T>) {
    this.slot = slot;
    this.endpoint = endpoint;
  }

  get id(): string {
    return this.endpoint.id;
  }

  /** Whether new calls could go there at all, well or not. */
  get isOpen(): boolean {
    return !this.isDraining && !this.isGone && this.isInside;
  }

  get isWell(): boolean {
    return this.health === 'healthy' && this.ejectedUntil === 0;
  }

  get isFrail(): boolean {
    return this.health === 'degraded' && this.ejectedUntil === 0;
  }

  get state(): EndpointState {
    if (this.isGone) return 'gone';
    if (this.isDraining) return 'draining';
    if (!this.isInside) return 'outside';
    if (this.health === 'unhealthy') return 'unhealthy';
    if (this.ejectedUntil > 0) return 'ejected';
    if (this.health === 'unknown') return 'unchecked';
    if (this.health === 'degraded') return 'degraded';
    return this.isWarming ? 'warming' : 'ready';
  }
}

/**
 * Checks a list of endpoints and fills it in.
 *
 * @param taken ids that exist already
 * @throws OptionError for a repeated or empty id, a weight that is not above 0, and the like
 */
export function fullEndpoints<T>(
  check: OptionChecks,
  path: string,
  inputs: readonly EndpointInput<T>[],
  taken: ReadonlySet<string>,
): FullEndpoint<T>[] {
  const given: unknown = inputs;
  if (!Array.isArray(given)) check.refuse(path, 'a list of endpoints', given);
  const seen = new Set(taken);
  return inputs.map((input, at) => {
    const full = fullEndpoint<T>(check, `${path}[${at}]`, input);
    if (seen.has(full.id)) check.refuse(`${path}[${at}].id`, 'unique', full.id);
    seen.add(full.id);
    return full;
  });
}

const FIELDS = [
  ...(['id', 'target', 'weight', 'priority', 'zone', 'region', 'maxInFlight'] as const),
  ...(['capabilities', 'maxComplexity', 'quality'] as const),
] as const;

function fullEndpoint<T>(
  check: OptionChecks,
  path: string,
  input: EndpointInput<T>,
): FullEndpoint<T> {
  if (typeof input === 'string') {
    return fullEndpoint(check, path, { id: check.text(`${path}.id`, input), target: input });
  }
  if (typeof input !== 'object' || input === null) {
    check.refuse(path, 'an endpoint: { id, target } or a string', input);
  }
  for (const key of Object.keys(input)) {
    if (!(FIELDS as readonly string[]).includes(key)) {
      check.refuse(`${path}.${key}`, `absent: the fields are ${FIELDS.join(', ')}`, key);
    }
  }
  const { id, target, zone = '', region = '', weight = 1, priority = 0 } = input;
  return {
    ...{ id: check.text(`${path}.id`, id), target, zone, region },
    weight: checkedWeight(check, `${path}.weight`, weight),
    priority: check.number(`${path}.priority`, priority, { min: 0, integer: true }),
    ...abilities(check, path, input),
  };
}

/** A weight within bounds that no sum or product of weights, however odd, carries beyond numbers. */
export function checkedWeight(check: OptionChecks, path: string, weight: unknown): number {
  return check.number(path, weight, { min: 1e-6, max: 1e6 });
}

/** Checks what an endpoint says of itself. */
export function checkedReport({ capacity, utilisation, quality }: EndpointReport): EndpointReport {
  const check = optionChecks('balancer.report');
  return {
    ...(capacity !== undefined && { capacity: checkedWeight(check, 'capacity', capacity) }),
    ...(utilisation !== undefined && { utilisation: check.ratio('utilisation', utilisation) }),
    ...(quality !== undefined && { quality: check.ratio('quality', quality) }),
  };
}

type Abilities = 'maxInFlight' | 'capabilities' | 'maxComplexity' | 'quality';

/** What an endpoint can do, and how much at a time. */
function abilities<T>(
  check: OptionChecks,
  path: string,
  { maxInFlight = Infinity, maxComplexity = Infinity, quality = 1, capabilities }: Endpoint<T>,
): Pick<FullEndpoint<T>, Abilities> {
  if (capabilities !== undefined && !Array.isArray(capabilities)) {
    check.refuse(`${path}.capabilities`, 'a list of names', capabilities);
  }
  const places = { min: 1, integer: true, infinite: true };
  return {
    maxInFlight: check.number(`${path}.maxInFlight`, maxInFlight, places),
    maxComplexity: check.number(`${path}.maxComplexity`, maxComplexity, { infinite: true }),
    quality: check.ratio(`${path}.quality`, quality),
    ...(capabilities !== undefined && { capabilities }),
  };
}

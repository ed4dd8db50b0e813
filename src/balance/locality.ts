/**
 * Localities: how much of the load each zone gets. One rule is one small function from zones to shares.
 */

import { optionChecks } from '../core/index.ts';

/** The endpoints of one zone that load could go to. */
export interface ZoneState {
  readonly zone: string;
  /** '' where endpoints name none. */
  readonly region: string;
  /** How many there are. */
  readonly endpoints: number;
  /** How many of them are well. */
  readonly healthy: number;
  /** The sums of their weights, of all and of those that are well. */
  readonly capacity: number;
  readonly healthyCapacity: number;
}

/** A rule that divides load among zones. */
export interface Locality {
  readonly name: string;
  /** Whether a zone without a share gets nothing even when all others are full or tried. @default false */
  readonly isStrict?: boolean;
  /** Whether shares may change by themselves, and so are asked for every second. @default false */
  readonly isLive?: boolean;
  /**
   * The share of each zone, in their order; they sum to 1. Zones without a healthy endpoint get nothing.
   * Undefined: zones do not matter at present.
   */
  shares(zones: readonly ZoneState[]): readonly number[] | undefined;
}

export interface ZoneAwareOptions {
  /** The zone this process runs in. */
  readonly self: string;
  /** Callers by zone, which together make the load. @default as many in each zone that has endpoints */
  readonly callers?: Readonly<Record<string, number>>;
  /** Healthy endpoints below which zones do not matter, 1 or more. @default 6 */
  readonly minEndpoints?: number;
}

/**
 * Stays in its own zone as far as that keeps all zones evenly loaded: with less capacity than callers
 * at home, the rest goes where there is more capacity than callers.
 *
 * Source: Envoy, zone aware routing, in its ten-thousandths and by weight. Our deviation: in every
 * priority, not the first alone; whether callers of other zones are well is not known here.
 */
export function zoneAware(options: ZoneAwareOptions): Locality {
  const check = optionChecks('zoneAware');
  check.known(options, ['self', 'callers', 'minEndpoints']);
  const self = check.text('self', options.self);
  const least = check.count('minEndpoints', options.minEndpoints ?? 6);
  for (const [zone, count] of Object.entries(options.callers ?? {})) {
    check.nonNegative(`callers.${zone}`, count);
  }
  return {
    name: 'zone-aware',
    shares: (zones) => {
      if (zones.length < 2) return undefined;
      if (zones.reduce((sum, zone) => sum + zone.healthy, 0) < least) return undefined;
      const upstream = Object.fromEntries(capacities(zones));
      const callers = options.callers ?? Object.fromEntries(zones.map(({ zone }) => [zone, 1]));
      const answer = zoneAwareRouting(self, callers, upstream);
      if (answer === undefined) return undefined;
      const residual = answer.residual.reduce((sum, [, part]) => sum + part, 0);
      // Nothing elsewhere but what rounding took: all stays.
      const local = residual === 0 ? 1 : answer.local;
      const shares = new Map([[self, local]]);
      for (const [zone, part] of answer.residual) {
        if (residual > 0) shares.set(zone, ((1 - local) * part) / residual);
      }
      // A name that two regions use is one zone.
      return zones.map(({ zone, healthyCapacity }) =>
        healthyCapacity === 0 ? 0 : ((shares.get(zone) ?? 0) * healthyCapacity) / upstream[zone]!,
      );
    },
  };
}

/** Healthy capacity by name of zone. */
function capacities(zones: readonly ZoneState[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { zone, healthyCapacity } of zones) {
    sums.set(zone, (sums.get(zone) ?? 0) + healthyCapacity);
  }
  return sums;
}

/** What stays at home, 0–1 in ten-thousandths, and what other zones can take, in ten-thousandths. */
export interface ZoneAwareRouting {
  readonly local: number;
  readonly residual: readonly (readonly [zone: string, part: number])[];
}

/** The rule itself; undefined where zones cannot be compared: one zone only, or no caller at home. */
export function zoneAwareRouting(
  self: string,
  callers: Readonly<Record<string, number>>,
  upstream: Readonly<Record<string, number>>,
): ZoneAwareRouting | undefined {
  const calling = partsOf(callers);
  const serving = partsOf(upstream);
  const own = calling.get(self) ?? 0;
  if (calling.size < 2 || serving.size < 2 || own === 0) return undefined;
  const home = serving.get(self) ?? 0;
  if (home >= own) return { local: 1, residual: [] };
  const residual = [...serving]
    .filter(([zone]) => zone !== self)
    .map(([zone, part]) => [zone, Math.max(0, part - (calling.get(zone) ?? 0))] as const);
  return { local: Math.floor((home * 10_000) / own) / 10_000, residual };
}

/** Ten-thousandths of the whole by zone, rounded down. */
function partsOf(counts: Readonly<Record<string, number>>): Map<string, number> {
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  const total = present.reduce((sum, [, count]) => sum + count, 0);
  return new Map(present.map(([zone, count]) => [zone, Math.floor((10_000 * count) / total)]));
}

export interface ZoneWeightedOptions {
  /** Weight by zone, 0 or more; zones not named get nothing. */
  readonly weights: Readonly<Record<string, number>>;
  /** How much more than its share the healthy part of a zone can take, 1 or more. @default 1.4 */
  readonly overprovisioning?: number;
}

/**
 * Divides load by weights of zones, less where part of a zone is unwell.
 *
 * Source: Envoy, locality weighted load balancing.
 */
export function zoneWeighted(options: ZoneWeightedOptions): Locality {
  const check = optionChecks('zoneWeighted');
  check.known(options, ['weights', 'overprovisioning']);
  const factor = check.number('overprovisioning', options.overprovisioning ?? 1.4, { min: 1 });
  const weights = new Map(Object.entries(options.weights));
  for (const [zone, weight] of weights) check.nonNegative(`weights.${zone}`, weight);
  return {
    name: 'zone-weighted',
    isStrict: true,
    shares: (zones) =>
      normalised(zones.map((zone) => (weights.get(zone.zone) ?? 0) * ability(zone, factor))),
  };
}

export interface NearestOptions {
  /** The zone this process runs in. */
  readonly zone: string;
  /** The region of that zone. @default '' */
  readonly region?: string;
  /**
   * How far away a zone is, in any unit: a round trip in ms, kilometres. Asked again every second.
   *
   * @default 0 for the own zone, 1 for others of the own region, 2 for the rest
   */
  readonly distance?: (zone: string, region: string) => number;
  /** How much more than its share the healthy part of a zone can take, 1 or more. @default 1.4 */
  readonly overprovisioning?: number;
}

/**
 * Goes to the nearest zone; what its healthy part cannot take goes to the next nearest, and so on.
 * Zones equally far share by the weights of their healthy endpoints.
 */
export function nearest(options: NearestOptions): Locality {
  const check = optionChecks('nearest');
  check.known(options, ['zone', 'region', 'distance', 'overprovisioning']);
  const own = check.text('zone', options.zone);
  const { region: home = '' } = options;
  const factor = check.number('overprovisioning', options.overprovisioning ?? 1.4, { min: 1 });
  const byName = (zone: string, region: string): number =>
    zone === own ? 0 : region === home && home !== '' ? 1 : 2;
  const distance = check.callable('distance', options.distance ?? byName);
  return {
    name: 'nearest',
    isLive: options.distance !== undefined,
    shares: (zones) => {
      const far = zones.map(({ zone, region }) => distance(zone, region));
      const shares = zones.map(() => 0);
      let left = 1;
      for (const ring of [...new Set(far)].sort((a, b) => a - b)) {
        const here = zones.map((zone, at) => (far[at] === ring ? zone : undefined));
        const healthy = here.reduce((sum, zone) => sum + (zone?.healthyCapacity ?? 0), 0);
        const capacity = here.reduce((sum, zone) => sum + (zone?.capacity ?? 0), 0);
        const taken = Math.min(left, ability({ capacity, healthyCapacity: healthy }, factor));
        here.forEach((zone, at) => {
          if (zone === undefined || healthy === 0) return;
          shares[at] = (taken * zone.healthyCapacity) / healthy;
        });
        left -= taken;
      }
      return normalised(shares);
    },
  };
}

function ability(
  { capacity, healthyCapacity }: Pick<ZoneState, 'capacity' | 'healthyCapacity'>,
  factor: number,
): number {
  return capacity === 0 ? 0 : Math.min(1, (factor * healthyCapacity) / capacity);
}

function normalised(shares: readonly number[]): readonly number[] | undefined {
  const total = shares.reduce((sum, share) => sum + share, 0);
  return total === 0 ? undefined : shares.map((share) => share / total);
}

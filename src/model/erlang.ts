/**
 * Erlang's formulas for many servers: how likely is a call lost or made to wait, and how many
 * servers keep the wait short?
 *
 * A. K. Erlang (1917); computed by the recursion in the number of servers, which is stable where
 * the closed form with factorials overflows (n ≈ 170).
 */
import { optionChecks } from '../core/options.ts';

const check = /* @__PURE__ */ optionChecks('erlang');

/**
 * The share of calls lost when there is no queue (M/G/c/c): 0 to 1. O(servers).
 *
 * @param offeredLoad arrival rate × mean service time, in Erlangs (≥ 0)
 * @param servers whole number ≥ 0
 * @throws OptionError when either is out of range
 */
export function erlangB(offeredLoad: number, servers: number): number {
  check.nonNegative('offeredLoad', offeredLoad);
  check.number('servers', servers, { min: 0, integer: true });
  let blocked = 1;
  for (let n = 1; n <= servers; n++) blocked = oneMore(blocked, offeredLoad, n);
  return blocked;
}

/**
 * The share of calls that must wait when they queue without limit (M/M/c): 0 to 1, and 1 when the
 * servers cannot keep up (`servers` ≤ `offeredLoad`). O(servers).
 *
 * @param offeredLoad arrival rate × mean service time, in Erlangs (≥ 0)
 * @param servers whole number ≥ 1
 * @throws OptionError when either is out of range
 */
export function erlangC(offeredLoad: number, servers: number): number {
  check.count('servers', servers);
  return waiting(erlangB(offeredLoad, servers), offeredLoad, servers);
}

/** What {@link serversNeeded} plans for; one unit of time throughout. */
export interface ServersNeededOptions {
  /** Mean arrivals per unit of time; ≥ 0. */
  readonly arrivalRate: number;
  /** Mean time one server works on a call; > 0. */
  readonly serviceTime: number;
  /** Calls should wait at most this long before a server takes them; ≥ 0. */
  readonly maxWait: number;
  /** Share of calls that must be taken within `maxWait`; 0 to below 1. @default 0.95 */
  readonly share?: number;
  /**
   * Squared coefficient of variation (variance ÷ mean²) of the times between arrivals; 1 is
   * Poisson, 0 a metronome, more is bursty. @default 1
   */
  readonly arrivalScv?: number;
  /** The same of service times; 1 is exponential, 0 constant. @default 1 */
  readonly serviceScv?: number;
  /** The search ends here; 1 to 10,000,000. @default 100_000 */
  readonly maxServers?: number;
}

/**
 * The least number of servers that take a share of calls within a wait; Infinity when more than
 * `maxServers` would be needed. 0 only when nothing arrives. O(answer).
 *
 * Exact for M/M/c. Other variations stretch the wait of those who wait by (cₐ² + cₛ²) ÷ 2, see
 * {@link steadyState}.
 *
 * @throws OptionError naming the option out of range
 *
 * @example
 * ```ts
 * import { serversNeeded } from 'tenfold/model';
 *
 * // 40 calls/s of 250 ms; 95 % should start within 100 ms
 * serversNeeded({ arrivalRate: 40, serviceTime: 0.25, maxWait: 0.1 }); // 14
 * ```
 */
export function serversNeeded(options: ServersNeededOptions): number {
  const { load, decay, share, maxServers } = checkedNeed(options);
  if (load === 0) return 0;
  if (load >= maxServers) return Infinity;
  let blocked = 1;
  for (let n = 1; n <= maxServers; n++) {
    blocked = oneMore(blocked, load, n);
    if (n <= load) continue;
    const late = waiting(blocked, load, n) * Math.exp(-(n - load) * decay);
    if (late <= 1 - share) return n;
  }
  return Infinity;
}

interface Need {
  readonly load: number;
  /** `maxWait` in service times, shortened by the variability. */
  readonly decay: number;
  readonly share: number;
  readonly maxServers: number;
}

function checkedNeed(options: ServersNeededOptions): Need {
  const limits = optionChecks('serversNeeded');
  limits.known(options, [
    'arrivalRate',
    'serviceTime',
    'maxWait',
    'share',
    'arrivalScv',
    'serviceScv',
    'maxServers',
  ]);
  const { share = 0.95, arrivalScv = 1, serviceScv = 1, maxServers = 100_000 } = options;
  limits.nonNegative('arrivalRate', options.arrivalRate);
  limits.positive('serviceTime', options.serviceTime);
  limits.nonNegative('maxWait', options.maxWait);
  limits.number('share', share, { min: 0, max: 1 - Number.EPSILON });
  limits.nonNegative('arrivalScv', arrivalScv);
  limits.nonNegative('serviceScv', serviceScv);
  limits.number('maxServers', maxServers, { min: 1, max: 10_000_000, integer: true });
  const spread = (arrivalScv + serviceScv) / 2;
  const waitInServices = options.maxWait / options.serviceTime;
  return {
    load: options.arrivalRate * options.serviceTime,
    // No variation at all, no waiting; else 0 ÷ 0 would spoil a wait of 0.
    decay: spread === 0 ? Infinity : waitInServices / spread,
    share,
    maxServers,
  };
}

/** One step of the recursion Bₙ = a·Bₙ₋₁ ÷ (n + a·Bₙ₋₁). */
function oneMore(blocked: number, load: number, servers: number): number {
  return (load * blocked) / (servers + load * blocked);
}

/** From Erlang B to Erlang C. */
function waiting(blocked: number, load: number, servers: number): number {
  if (servers <= load) return 1;
  const utilisation = load / servers;
  return blocked / (1 - utilisation * (1 - blocked));
}

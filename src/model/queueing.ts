/**
 * What a queue with several servers settles into: waits, lengths, losses.
 *
 * Exact for M/M/c and M/M/c/K (Erlang) and for the means of M/G/1 (Pollaczek–Khinchine); other
 * variability by Allen and Cunneen's formula (A. O. Allen, Probability, Statistics, and Queueing
 * Theory, 2nd ed., section 5.3.3), which contains the exact ones as special cases.
 */
import { optionChecks } from '../core/options.ts';
import { erlangC } from './erlang.ts';

/** A queue; one unit of time throughout. */
export interface QueueShape {
  /** Mean arrivals per unit of time; ≥ 0. */
  readonly arrivalRate: number;
  /** Mean time one server works on a call; > 0. */
  readonly serviceTime: number;
  /** Whole number of 1 or more. @default 1 */
  readonly servers?: number;
  /** Variance ÷ mean² of the times between arrivals; 1 is Poisson, 0 a metronome. @default 1 */
  readonly arrivalScv?: number;
  /** Variance ÷ mean² of service times; 1 is exponential, 0 constant. @default 1 */
  readonly serviceScv?: number;
  /**
   * Greatest number of calls inside, waiting and being served; the next is turned away. At least
   * `servers`; if finite, both variations must be 1. @default Infinity
   */
  readonly capacity?: number;
}

/** The long-run figures of a queue; waits concern the calls that were let in. */
export interface SteadyState {
  /** True where the figures are exact for the shape, not an approximation. */
  readonly exact: boolean;
  /** Share of the servers' time that is busy; 1 when overloaded. */
  readonly utilisation: number;
  /** Share of calls turned away because the queue was full. */
  readonly blocked: number;
  /** Calls finished per unit of time. */
  readonly throughput: number;
  /** Share of calls that wait at all. */
  readonly waitProbability: number;
  /** Mean time before service; Infinity when overloaded without a bound. */
  readonly meanWait: number;
  /** Mean time from arrival to the end. */
  readonly meanResponse: number;
  /** Mean number waiting. */
  readonly meanWaiting: number;
  /** Mean number inside. */
  readonly meanInside: number;
  /** Share of calls that wait longer than `wait` (≥ 0). */
  waitsLongerThan(wait: number): number;
  /** The wait that a share `q` (0 to below 1) of calls do not exceed. */
  waitQuantile(q: number): number;
}

/**
 * Computes the steady state of a queue. O(servers), or O(capacity) with a bound.
 *
 * The tail of the wait is taken as exponential with the exact probability of waiting and the mean
 * of those who wait: exact for M/M/c, an approximation otherwise.
 *
 * @throws OptionError naming the option out of range
 *
 * @example
 * ```ts
 * import { steadyState } from 'tenfold/model';
 *
 * const pool = steadyState({ arrivalRate: 40, serviceTime: 0.25, servers: 14 });
 * pool.meanWait; // 0.0108… s
 * pool.waitQuantile(0.95); // 0.0779… s
 * ```
 */
export function steadyState(shape: QueueShape): SteadyState {
  const queue = checked(shape);
  return queue.capacity === Infinity ? unbounded(queue) : bounded(queue);
}

function checked(shape: QueueShape): Required<QueueShape> {
  const check = optionChecks('steadyState');
  const { servers = 1, arrivalScv = 1, serviceScv = 1, capacity = Infinity } = shape ?? {};
  check.nonNegative('arrivalRate', shape?.arrivalRate);
  check.positive('serviceTime', shape?.serviceTime);
  check.number('servers', servers, { min: 1, max: 10_000_000, integer: true });
  check.nonNegative('arrivalScv', arrivalScv);
  check.nonNegative('serviceScv', serviceScv);
  check.number('capacity', capacity, { min: servers, integer: true, infinite: true });
  if (capacity !== Infinity) {
    check.number('capacity', capacity, { max: 10_000_000 });
    if (arrivalScv !== 1) check.refuse('arrivalScv', '1 with a finite capacity', arrivalScv);
    if (serviceScv !== 1) check.refuse('serviceScv', '1 with a finite capacity', serviceScv);
  }
  return { ...shape, servers, arrivalScv, serviceScv, capacity };
}

function unbounded(queue: Required<QueueShape>): SteadyState {
  const { arrivalRate, serviceTime, servers, arrivalScv, serviceScv } = queue;
  const load = arrivalRate * serviceTime;
  const stable = load < servers;
  const waitProbability = erlangC(load, servers);
  const spread = (arrivalScv + serviceScv) / 2;
  const meanOfWaiters = stable ? (spread * serviceTime) / (servers - load) : Infinity;
  const waitsLongerThan = (wait: number): number => {
    if (!stable) return 1;
    return meanOfWaiters === 0 ? 0 : waitProbability * Math.exp(-wait / meanOfWaiters);
  };
  return complete(queue, {
    exact: arrivalScv === 1 && (serviceScv === 1 || servers === 1),
    blocked: 0,
    throughput: stable ? arrivalRate : servers / serviceTime,
    waitProbability,
    meanWait: stable ? waitProbability * meanOfWaiters : Infinity,
    waitsLongerThan,
    waitQuantile: (q) => {
      if (!stable) return Infinity;
      return Math.max(0, meanOfWaiters * Math.log(waitProbability / (1 - checkedQ(q))));
    },
  });
}

/** M/M/c/K: the chances of 0 … K inside, relative to each other, then scaled to add up to 1. */
function bounded(queue: Required<QueueShape>): SteadyState {
  const { serviceTime, servers, capacity } = queue;
  const chances = chancesInside(queue);
  let admitted = 0;
  let busy = 0;
  let waiting = 0;
  for (const [inside, chance] of chances.entries()) {
    if (inside < capacity) admitted += chance;
    busy += Math.min(inside, servers) * chance;
    waiting += Math.max(0, inside - servers) * chance;
  }
  const throughput = busy / serviceTime;
  /** The chance that a call that is let in finds `inside` calls before it. */
  const finds = (inside: number): number => (chances[inside] as number) / admitted;
  // Who finds n ≥ c inside waits for n − c + 1 departures: longer than t when fewer have happened.
  const waitsLongerThan = (wait: number): number => {
    const departures = (servers * wait) / serviceTime;
    let logChance = -departures;
    let fewer = 0;
    let longer = 0;
    for (let inside = servers; inside < capacity; inside++) {
      fewer += Math.exp(logChance);
      logChance += Math.log(departures / (inside - servers + 1));
      longer += finds(inside) * Math.min(1, fewer);
    }
    return longer;
  };
  return complete(queue, {
    exact: true,
    blocked: chances[capacity] as number,
    throughput,
    waitProbability: waitsLongerThan(0),
    meanWait: throughput === 0 ? 0 : waiting / throughput,
    waitsLongerThan,
    waitQuantile: (q) => bisect(waitsLongerThan, 1 - checkedQ(q), serviceTime),
  });
}

function chancesInside({
  arrivalRate,
  serviceTime,
  servers,
  capacity,
}: Required<QueueShape>): Float64Array {
  const load = arrivalRate * serviceTime;
  const chances = new Float64Array(capacity + 1);
  chances[0] = 1;
  let total = 1;
  for (let n = 1; n <= capacity; n++) {
    const chance = ((chances[n - 1] as number) * load) / Math.min(n, servers);
    chances[n] = chance;
    total += chance;
    if (total > 1e250) {
      for (let i = 0; i <= n; i++) chances[i] = (chances[i] as number) / total;
      total = 1;
    }
  }
  return chances.map((chance) => chance / total);
}

type Essentials = Omit<SteadyState, 'utilisation' | 'meanResponse' | 'meanWaiting' | 'meanInside'>;

/** The rest follows from Little's law. */
function complete(queue: Required<QueueShape>, essentials: Essentials): SteadyState {
  const { throughput, meanWait } = essentials;
  const utilisation = (throughput * queue.serviceTime) / queue.servers;
  const meanWaiting = throughput === 0 ? 0 : throughput * meanWait;
  return {
    ...essentials,
    utilisation,
    meanResponse: meanWait + queue.serviceTime,
    meanWaiting,
    meanInside: meanWaiting + throughput * queue.serviceTime,
  };
}

/** The least t with falling(t) ≤ level. */
function bisect(falling: (t: number) => number, level: number, unit: number): number {
  if (falling(0) <= level) return 0;
  let high = unit;
  while (falling(high) > level) high *= 2;
  let low = 0;
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (falling(middle) > level) low = middle;
    else high = middle;
  }
  return high;
}

function checkedQ(q: number): number {
  return optionChecks('waitQuantile').number('q', q, { min: 0, max: 1 - Number.EPSILON });
}

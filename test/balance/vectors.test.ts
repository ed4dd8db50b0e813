// The published rows: Linkerd, Envoy, Finagle, gRPC, nginx, undici.
import { describe, expect, it } from 'vitest';
import { balancer, leastRequest, peakEwma, consistentHash, roundRobin } from 'tenfold/balance';
import { virtualRuntime } from 'tenfold/sim';
import { blended, faded, peaked } from '../../src/balance/decaying.ts';
import { zoneAware, zoneAwareRouting } from '../../src/balance/locality.ts';
import { earliestDeadline } from '../../src/balance/orders/earliest-deadline.ts';
import { interleaved } from '../../src/balance/orders/interleaved.ts';
import type { TurnOrder } from '../../src/balance/orders/order.ts';
import { smoothOrder, smoothSequence } from '../../src/balance/orders/smooth.ts';
import { staticStride } from '../../src/balance/orders/static-stride.ts';
import { ejectionMs, mostEjected, outlierThreshold } from '../../src/balance/outliers.ts';
import { loadedWeight } from '../../src/balance/policies/least-request.ts';
import { peakEwmaCost } from '../../src/balance/policies/peak-ewma.ts';
import { priorityLoads } from '../../src/balance/priority-loads.ts';
import { slowStartFactor } from '../../src/balance/slow-start.ts';
import ewmaRows from '../vectors/balance-ewma.json' with { type: 'json' };
import outlierRows from '../vectors/balance-outlier.json' with { type: 'json' };
import priorityRows from '../vectors/balance-priority-panic.json' with { type: 'json' };
import slowStartRows from '../vectors/balance-slow-start.json' with { type: 'json' };
import turnRows from '../vectors/balance-wrr.json' with { type: 'json' };
import zoneRows from '../vectors/balance-zone-aware.json' with { type: 'json' };

const taken = (order: TurnOrder, turns: number): number[] =>
  Array.from({ length: turns }, () => order.next());
const counted = (picks: readonly (number | string)[], members: readonly (number | string)[]) =>
  members.map((member) => picks.filter((pick) => pick === member).length);

describe('averages that forget', () => {
  const { decaySec, scripts } = ewmaRows.linkerd;
  type Op = readonly [op: string, value: number, tSec: number];
  const memoryMs = decaySec * 1000;

  it.each(scripts)('follow Linkerd: $ops', (script) => {
    let at = 0;
    let value = 'initial' in script ? script.initial! : Infinity;
    for (const [op, sample, tSec] of script.ops as unknown as Op[]) {
      const elapsedMs = (tSec - at) * 1000;
      // Linkerd begins at +Infinity; here the first sample is the average.
      if (op === 'reset' || value === Infinity) value = sample;
      else if (elapsedMs < 0) continue;
      else value = (op === 'addPeak' ? peaked : blended)(value, sample, elapsedMs, memoryMs);
      at = tSec;
    }
    if ('getAt' in script) value = faded(value, (script.getAt! - at) * 1000, memoryMs);

    if (script.getBelow !== undefined) expect(value).toBeLessThan(script.getBelow);
    else if (script.getBetween !== undefined) {
      expect(value).toBeGreaterThan(script.getBetween[0]!);
      expect(value).toBeLessThan(script.getBetween[1]!);
    } else expect(value).toBeCloseTo(Number(script.get), 12);
  });

  it('cost what Envoy says', () => {
    for (const [rtt, active, otherwise, cost] of ewmaRows.envoyCost.vectors) {
      expect(peakEwmaCost(rtt!, active!, otherwise!, ewmaRows.envoyCost.penalty)).toBe(cost);
    }
    for (const [rtt, active, otherwise, cost, penalty] of ewmaRows.envoyCost.customPenalty) {
      expect(peakEwmaCost(rtt!, active!, otherwise!, penalty!)).toBe(cost);
    }
  });

  it('keep load even, probe an unknown once, and halve the load of the twice as slow, as in Finagle', async () => {
    const runtime = virtualRuntime({ seed: 5 });
    const lb = balancer({
      ...{ endpoints: ['a', 'b', 'c', 'slow'], policy: peakEwma(), runtime },
    });
    const asked = new Map<string, number>();
    const latency = (id: string): number => (id === 'stuck' ? 1e6 : id === 'slow' ? 200 : 100);

    for (let call = 0; call < 6_000; call++) {
      if (call === 5_000) lb.update({ add: ['stuck'] });
      const pass = lb.tryEnter();
      if (!pass.ok) throw new Error('refused');
      // Latencies are learned in the first two seconds; the unknown endpoint counts throughout.
      if ((call >= 2_000 && call < 5_000) || pass.endpoint === 'stuck') {
        asked.set(pass.endpoint, (asked.get(pass.endpoint) ?? 0) + 1);
      }
      runtime.arm(
        { alarmId: -1, ring: (now) => pass.done('success', undefined, now) },
        latency(pass.endpoint),
      );
      await runtime.advance(1);
    }

    const [a, b, c] = ['a', 'b', 'c'].map((id) => asked.get(id)!) as [number, number, number];
    expect(Math.max(a, b, c) / Math.min(a, b, c)).toBeLessThan(1.15);
    expect(asked.get('stuck')).toBe(1);
    const inFlightRatio = (asked.get('slow')! * 200) / (((a + b + c) / 3) * 100);
    expect(inFlightRatio).toBeGreaterThan(0.4);
    expect(inFlightRatio).toBeLessThan(0.6);
  });
});

describe('weighted turns', () => {
  it.each([...turnRows.smooth.published, ...turnRows.smooth.derived])(
    'are smooth as in nginx: $weights',
    ({ weights, sequence }) => {
      expect(taken(smoothOrder(weights)!, sequence.length)).toEqual(sequence);
    },
  );

  it.each(turnRows.smooth.counts)('come out even: $weights', ({ weights, picks, expected }) => {
    const order = smoothOrder(weights)!;

    expect(counted(taken(order, picks), [0, 1, 2])).toEqual(expected);
  });

  it('go by the earliest deadline as in Envoy', () => {
    const { envoyWeighted, weightedSeed1, grpcEqual, initPicksAllHosts } = turnRows.edf;
    const weights = [...envoyWeighted.weights];
    const order = earliestDeadline(2, (member) => weights[member]!);
    expect(taken(order, envoyWeighted.picks.length)).toEqual(envoyWeighted.picks);
    [weights[0], weights[1]] = [2, 1];
    const after = envoyWeighted.afterSetWeights21_continuing;
    expect(taken(order, after.length)).toEqual(after);

    const seeded = earliestDeadline(2, (member) => weightedSeed1.weights[member]!);
    seeded.next();
    expect(taken(seeded, weightedSeed1.picks.length)).toEqual(weightedSeed1.picks);

    const equal = earliestDeadline(3, (member) => grpcEqual.weights[member]!);
    expect(taken(equal, grpcEqual.sequence.length)).toEqual(grpcEqual.sequence);

    const first = Array.from({ length: 10 }, (_, advanced) => {
      const one = earliestDeadline(3, (member) => initPicksAllHosts.weights[member]!);
      return taken(one, advanced + 1).at(-1)!;
    });
    expect(counted(first, [0, 1, 2])).toEqual(initPicksAllHosts.expected);
  });

  it('are plain turns for 128 equal weights, and exact for weights 1 to 128', () => {
    const equal = earliestDeadline(128, () => 1);
    const turns = taken(equal, 128 * 128);
    expect(turns).toEqual(Array.from({ length: 128 * 128 }, (_, at) => at % 128));

    const rising = earliestDeadline(128, (member) => member + 1);
    const counts = new Array<number>(128).fill(0);
    for (const member of taken(rising, 8_256)) counts[member]!++;
    expect(counts).toEqual(Array.from({ length: 128 }, (_, at) => at + 1));
  });

  it.each(turnRows.staticStride.derived)('stride as in gRPC: $weights', (row) => {
    expect(taken(staticStride(row.weights), row.sequence.length)).toEqual(row.sequence);
  });

  it('take an unknown weight for the mean, and fewer than two known for plain turns', () => {
    expect(counted(taken(staticStride([1, 3, 0]), 6_000), [0, 1, 2])).toEqual([
      1_000, 3_000, 2_000,
    ]);
    expect(taken(staticStride([0, 5, 0]), 4)).toEqual([0, 1, 2, 0]);
  });

  it.each(turnRows.distribution5pct)('share by weight within 5 %: %s %s %s', (...weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const orders = [smoothOrder(weights)!, staticStride(weights)];
    orders.push(earliestDeadline(3, (member) => weights[member]!));
    for (const order of orders) {
      const counts = counted(taken(order, 1_000), [0, 1, 2]);
      counts.forEach((count, at) => {
        expect(Math.abs(count / 1_000 - weights[at]! / total)).toBeLessThan(0.05);
      });
    }
  });

  it.each(slowStartRows.edfSequences)('follow a slow start: $desc', ({ weights, sequence }) => {
    const order = earliestDeadline(weights.length, (member) => weights[member]!);

    expect(taken(order, sequence.length)).toEqual(sequence);
  });

  it.each(turnRows.undiciBalancedPool.cases)('lose weight by errors as in undici: %j', (row) => {
    const { errorPenalty, expected, log, ratios } = row as UndiciRow;
    const down = (row as UndiciRow).down ?? {};
    const most = turnRows.undiciBalancedPool.maxWeightPerServer;
    const order = interleaved(3, most);
    const weights = [most, most, most];
    const failedLast = [false, false, false];
    const visits = [0, 0, 0];
    const requests: string[] = [];
    const answered: string[] = [];
    let iteration = 0;

    while (answered.length < 100) {
      const member = order.next();
      const name = 'ABC'[member]!;
      // undici's test counts a server's requests; so many of its first ones meet a closed port.
      const fails = (down[name] ?? []).includes(visits[member]!++);
      iteration++;
      requests.push(fails ? `${name}!` : name);
      const before = weights[member]!;
      if (fails) weights[member] = Math.max(1, before - errorPenalty);
      else if (failedLast[member]) weights[member] = Math.min(most, before + errorPenalty);
      failedLast[member] = fails;
      if (weights[member] !== before) order.weigh(member, weights[member]!);
      answered.push(name);
    }

    expect(iteration).toBe(100);
    if (log !== undefined) expect(requests.slice(0, log.length)).toEqual(log);
    else expect(requests.slice(0, 12).join('')).toBe(expected);
    const shares = counted(answered, ['A', 'B', 'C']).map((count) => count / 100);
    shares.forEach((share, at) => expect(share).toBeCloseTo(ratios[at]!, 1));
  });
});

interface UndiciRow {
  readonly errorPenalty: number;
  readonly down?: Readonly<Record<string, readonly number[]>>;
  readonly expected?: string;
  readonly log?: readonly string[];
  readonly ratios: readonly number[];
}

describe('least request', () => {
  it('weighs calls in flight as Envoy', () => {
    for (const [weight, active, bias, effective] of slowStartRows.leastRequest.vectors) {
      expect(loadedWeight(weight!, active!, bias!)).toBe(effective);
    }
  });

  it('takes turns among the idle and avoids the busy, as nginx does', () => {
    const runtime = virtualRuntime();
    const policy = leastRequest({ among: 'all' });
    const lb = balancer({ endpoints: ['a', 'b'], policy, runtime });
    const one = (): string => {
      const pass = lb.tryEnter();
      if (!pass.ok) throw new Error('refused');
      pass.done('success');
      return pass.endpoint;
    };

    const idle = Array.from({ length: 10 }, one);
    const held = lb.tryEnter();
    const busy = Array.from({ length: 10 }, one);

    expect(counted(idle, ['a', 'b'])).toEqual([5, 5]);
    if (!held.ok) throw new Error('refused');
    expect(busy).not.toContain(held.endpoint);
  });

  it('gives three calls at once to weights 1 and 2 as one and two', () => {
    for (let seed = 0; seed < 20; seed++) {
      const runtime = virtualRuntime({ seed });
      const endpoints = [
        { id: 'a', target: 1 },
        { id: 'b', target: 2, weight: 2 },
      ];
      const lb = balancer({ endpoints, policy: leastRequest(), runtime });

      const picks = Array.from({ length: 3 }, () => lb.tryEnter());

      expect(
        counted(
          picks.map((pass) => (pass.ok ? pass.endpoint : '')),
          ['a', 'b'],
        ),
      ).toEqual([1, 2]);
    }
  });
});

describe('the tests of nginx', () => {
  it('two equal peers share thirty requests', () => {
    const order = smoothOrder([1, 1])!;

    expect(counted(taken(order, 30), [0, 1])).toEqual([15, 15]);
  });

  it('a peer that fails every third request is left alone after three failures', async () => {
    const runtime = virtualRuntime();
    const lb = balancer({
      ...{ endpoints: ['a', 'b'], policy: roundRobin({ start: 'first' }), runtime },
      outliers: { failures: 3, consecutive: Infinity, maxRatio: 0.5 },
    });
    const served: string[] = [];
    let asked = 0;

    await runtime.run(async () => {
      for (let request = 0; request < 30; request++) {
        served.push(
          await lb.run(
            (_call, peer) => {
              if (peer === 'a' && ++asked % 3 === 0) throw new Error('every third');
              return peer;
            },
            {},
            { retryOn: (_detail, outcome) => outcome === 'failure' },
          ),
        );
      }
    });

    expect(counted(served, ['a', 'b'])).toEqual([6, 24]);
  });

  it('a hash without a key takes turns', () => {
    const runtime = virtualRuntime();
    const lb = balancer({ endpoints: ['a', 'b', 'c'], policy: consistentHash(), runtime });

    const picks = Array.from({ length: 6 }, () => lb.tryEnter());

    const ids = picks.map((pass) => (pass.ok ? pass.endpoint : ''));
    expect(counted(ids, ['a', 'b', 'c'])).toEqual([2, 2, 2]);
  });

  it('keys stay where they are when another of three peers comes or goes', () => {
    for (const table of ['ring', 'maglev', 'rendezvous'] as const) {
      const runtime = virtualRuntime();
      const endpoints = ['a', 'b', 'c'].map((id) => ({ id, target: id, weight: 10 }));
      const lb = balancer({
        endpoints,
        policy: consistentHash({ table, bound: Infinity }),
        runtime,
      });
      const ownerOf = (key: number): string => {
        const pass = lb.tryEnter({ key: String(key) });
        return pass.ok ? pass.endpoint : '';
      };
      const keys = Array.from({ length: 20 }, (_, at) => at + 1);
      const before = keys.map(ownerOf);
      lb.update({ remove: ['b'] });
      const without = keys.map(ownerOf);
      lb.update({ add: [{ id: 'b', target: 'b', weight: 10 }] });
      const again = keys.map(ownerOf);

      // A Maglev table is made anew, and some keys of others move with it.
      const moved = before.filter((owner, at) => owner !== 'b' && without[at] !== owner).length;
      expect(moved).toBeLessThanOrEqual(table === 'maglev' ? 1 : 0);
      expect(again).toEqual(before);
    }
  });
});

describe('priorities', () => {
  it.each(priorityRows.cases)('spill as in Envoy: $levels', (row) => {
    const levels = row.levels.map(([hosts, healthy, degraded, excluded]) => ({
      ...{ hosts: hosts!, healthy: healthy! },
      ...(degraded !== undefined && { degraded }),
      ...(excluded !== undefined && { excluded }),
    }));
    const panicRatio = 'opts' in row ? row.opts!.panicThr / 100 : 0.5;

    const loads = priorityLoads(levels, { overprovisioning: 1.4, panicRatio });

    expect(loads.healthy).toEqual(row.load);
    if ('degradedLoad' in row) expect(loads.degraded).toEqual(row.degradedLoad);
    if ('panic' in row) expect(loads.panic).toEqual(row.panic);
  });

  it('spill by weights of hosts as well', () => {
    const rules = { overprovisioning: 1, panicRatio: 0.5 };
    const [first, second, third] = priorityRows.weightedHealth;
    const other = { hosts: 1, healthy: 1 };

    const unwell = priorityLoads([{ hosts: 10, healthy: 6 }, other], rules);
    const excluded = priorityLoads([{ hosts: 20, healthy: 4, excluded: 10 }, other], rules);
    const degraded = priorityLoads(
      [
        { hosts: 10, healthy: 4, degraded: 3 },
        { hosts: 10, healthy: 1, degraded: 9 },
      ],
      rules,
    );

    expect(unwell.healthy).toEqual(first!.load);
    expect(excluded.healthy).toEqual(second!.load);
    expect(degraded.healthy).toEqual(third!.load);
    expect(degraded.degraded).toEqual(third!.degradedLoad);
  });

  it.each(['all', 'refuse'] as const)('in panic: %s', (inPanic) => {
    const [everybody, nobody] = priorityRows.panicHosts;
    const runtime = virtualRuntime();
    const ids = Array.from({ length: everybody!.hosts }, (_, at) => `e${at}`);
    const lb = balancer({
      ...{ endpoints: ids, policy: roundRobin(), runtime, inPanic },
      outliers: { consecutive: 1, maxRatio: 1, rounding: 'up' },
    });
    for (let at = everybody!.healthy; at < everybody!.hosts; at++) {
      // The first answers of these are bad.
      let pass = lb.tryEnter();
      while (pass.ok && pass.endpoint !== `e${at}`) {
        pass.done('cancelled');
        pass = lb.tryEnter();
      }
      if (pass.ok) pass.done('failure');
      else break;
    }

    const picks = Array.from({ length: 12 }, () => lb.tryEnter());

    const ids12 = picks.map((pass) => (pass.ok ? pass.endpoint : null));
    if (inPanic === 'refuse') expect(new Set(ids12)).toEqual(new Set([nobody!.expect]));
    else expect(counted(ids12 as string[], ids)).toEqual(ids.map(() => 2));
  });
});

describe('slow start', () => {
  it('raises the weight as Envoy', () => {
    for (const row of slowStartRows.factors.vectors) {
      const [tSec, windowSec, aggression, least, factor] = row as [
        number,
        number,
        number,
        number,
        number,
      ];
      const windowMs = windowSec * 1000;
      const found = slowStartFactor(tSec * 1000, { windowMs, aggression, minWeightRatio: least });
      expect(Math.abs(found - factor)).toBeLessThan(1e-3);
    }
  });
});

describe('outliers', () => {
  it.each(outlierRows.successRate)('are found as by Envoy: $rates', (row) => {
    const threshold = outlierThreshold(row.rates, 'deviation', row.stdevFactor / 1000);

    expect(threshold).toBeCloseTo(row.threshold, 9);
    const outliers = row.rates.flatMap((rate, at) => (rate < threshold ? [at] : []));
    expect(outliers).toEqual(row.ejects);
  });

  it('are never found by 1.9 deviations among fewer than five, and are by median deviations', () => {
    for (const hosts of [3, 4, 5]) {
      const rates = [0, ...Array<number>(hosts - 1).fill(1)];
      expect(0 < outlierThreshold(rates, 'deviation', 1.9)).toBe(hosts === 5);
      expect(0 < outlierThreshold(rates, 'mad', 3)).toBe(true);
    }
  });

  it('are never found by 1.9 deviations among a third of the hosts, and are by median deviations', () => {
    const rates = [...Array<number>(10).fill(0.5), ...Array<number>(20).fill(0.99)];

    expect(0.5 < outlierThreshold(rates, 'deviation', 1.9)).toBe(false);
    expect(0.5 < outlierThreshold(rates, 'mad', 3)).toBe(true);
  });

  it('are ejected up to a share, rounded as in Envoy and gRPC', () => {
    for (const row of outlierRows.ejectionLimit.envoy.cases) {
      const rounding = row.alwaysEjectOne === true ? 'at-least-one' : 'down';
      expect(mostEjected(row.n, row.maxPct / 100, rounding)).toBe(row.allowed);
    }
    for (const { n, maxPct, allowed } of outlierRows.ejectionLimit.grpc.cases) {
      expect(mostEjected(n, maxPct / 100, 'up')).toBe(allowed);
    }
  });

  it('stay away longer each time', () => {
    const { baseEjectionMs, maxEjectionMs } = outlierRows.defaults;
    const seconds = outlierRows.backoff.secondsByConsecutiveEjection.map(
      (_, at) => ejectionMs(at + 1, baseEjectionMs, maxEjectionMs) / 1000,
    );

    expect(seconds).toEqual(outlierRows.backoff.secondsByConsecutiveEjection);
  });

  it.each(outlierRows.grpcCases.slice(0, 2))('as in gRPC: $name', async (row) => {
    const { failurePct, maxPct, calls, ejected } = row as GrpcRow;
    const runtime = virtualRuntime();
    const lb = balancer({
      ...{ endpoints: ['0', '1', '2'], policy: roundRobin({ start: 'first' }), runtime },
      outliers: {
        ...{ consecutive: Infinity, method: 'off', enforce: failurePct.enforce > 0 },
        failureRatio: failurePct.threshold / 100,
        minEndpoints: failurePct.minHosts,
        minCalls: failurePct.volume,
        ...{ maxRatio: maxPct / 100, rounding: 'up' },
      },
    });
    const suspects: string[] = [];
    lb.on('suspect', ({ id }) => suspects.push(id));
    for (let call = 0; call < 15; call++) {
      const pass = lb.tryEnter();
      if (!pass.ok) throw new Error('refused');
      pass.done(calls[Number(pass.endpoint)]![1]! > 0 ? 'failure' : 'success');
    }

    await runtime.advance(10_000);

    const states = lb.snapshot().endpoints.map(({ state }) => state);
    expect(states.flatMap((state, at) => (state === 'ejected' ? [at] : []))).toEqual(ejected);
    expect(suspects).toHaveLength((row as GrpcRow).unenforced ?? 0);
    lb.update({ outliers: false });
    expect(lb.snapshot().endpoints.every(({ state }) => state === 'ready')).toBe(true);
  });
});

interface GrpcRow {
  readonly failurePct: { threshold: number; enforce: number; minHosts: number; volume: number };
  readonly maxPct: number;
  readonly calls: readonly (readonly number[])[];
  readonly ejected: readonly number[];
  readonly unenforced?: number;
}

describe('zones', () => {
  it('keep at home what home can take and send the rest where there is room, as in Envoy', () => {
    const row = zoneRows.cases[0]!;
    const upstream = Object.fromEntries(row.upstream as unknown as [string, number][]);
    const callers = row.localCallers as unknown as Record<string, number>;

    const routing = zoneAwareRouting(row.selfZone!, callers, upstream)!;

    const expected = row.expect as { localPct10000: number; cumResidual: number[] };
    expect(routing.local * 10_000).toBe(expected.localPct10000);
    const sums = cumulated(routing.residual.map(([, part]) => part));
    expect([0, ...sums]).toEqual(expected.cumResidual);
    for (const { r, r2, zone } of row.checks!) {
      const at = sums.findIndex((sum) => (r2 ?? 0) < sum);
      const found = r / 10_000 < routing.local ? row.selfZone : routing.residual[at]![0];
      expect(found).toBe(zone);
    }
  });

  it('are as in the documentation of Envoy', () => {
    const { local, upstream, cumResidual, localPct10000 } = zoneRows.doc_example;
    const named = (counts: readonly number[]): Record<string, number> =>
      Object.fromEntries(counts.map((count, at) => [`z${at}`, count]));

    const routing = zoneAwareRouting('z0', named(local), named(upstream))!;

    expect(routing.local * 10_000).toBe(localPct10000);
    expect([0, ...cumulated(routing.residual.map(([, part]) => part))]).toEqual(cumResidual);
  });

  it('do not matter in a small cluster, and stay at home where all are alike', () => {
    const [, small, direct] = zoneRows.cases;
    const zone = (name: string, endpoints: number) => ({
      ...{ zone: name, region: '', endpoints, healthy: endpoints },
      ...{ capacity: endpoints, healthyCapacity: endpoints },
    });

    const few = zoneAware({ self: 'A', minEndpoints: small!.minClusterSize! });
    const many = zoneAware({
      self: direct!.selfZone!,
      callers: direct!.localCallers as unknown as Record<string, number>,
      minEndpoints: direct!.minClusterSize!,
    });

    expect(small!.upstreamHosts).toBe(3);
    expect(few.shares([zone('A', 1), zone('B', 2)])).toBeUndefined();
    const upstream = direct!.upstream as unknown as [string, number][];
    expect(many.shares(upstream.map(([name, count]) => zone(name, count)))).toEqual([1, 0]);
  });
});

describe('zones, as Envoy wants them before they matter', () => {
  const both = { A: 2, B: 2 };

  it.each([
    ['>=2 upstream zones', both, { A: 9 }],
    ['>=2 caller zones', { A: 2 }, both],
    ['own zone has callers', { B: 2, C: 2 }, both],
  ] as const)('%s', (precondition, callers, upstream) => {
    expect(zoneRows.preconditions).toContain(precondition);
    expect(zoneAwareRouting('A', callers, upstream)).toBeUndefined();
    expect(zoneAwareRouting('A', both, both)).toBeDefined();
  });
});

function cumulated(parts: readonly number[]): number[] {
  let sum = 0;
  return parts.map((part) => (sum += part));
}

it('writes an order down once', () => {
  expect([...smoothSequence([5, 1, 1])]).toEqual(turnRows.smooth.published[0]!.sequence);
});

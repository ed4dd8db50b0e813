// Every policy, for the simulations.
import type { BalancePolicy, ProbeAnswer } from '../../src/balance/index.ts';
import {
  affinity,
  consistentHash,
  ewma,
  leastRequest,
  peakEwma,
  probing,
  randomChoice,
  roundRobin,
  scored,
} from '../../src/balance/index.ts';

type PolicyOf = (probe: (id: string) => Promise<ProbeAnswer>) => BalancePolicy;

export const POLICIES: Readonly<Record<string, PolicyOf>> = {
  ewma: () => ewma(),
  'round robin': () => roundRobin(),
  random: () => randomChoice(),
  'least request': () => leastRequest(),
  'least request of all': () => leastRequest({ among: 'all' }),
  'peak ewma': () => peakEwma(),
  probing: (probe) => probing({ probe }),
  'consistent hash': () => consistentHash(),
  affinity: () => affinity(),
  scored: () => scored(),
};

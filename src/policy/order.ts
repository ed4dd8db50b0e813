/**
 * The order of policies: what is always wrong, and what usually is. The reasons are told with their
 * measurements in docs/policy.md.
 */

import type { Policy, Runtime, Stage, Staged, TimeLimit } from '../core/index.ts';
import { STAGE } from '../core/index.ts';

/** What is known of a policy in a row: its kind and name, and its stage if it shows one. */
interface Member {
  readonly policy: Policy;
  readonly kind: string;
  readonly name: string;
  readonly stage: Stage | undefined;
  readonly runtime: Runtime | undefined;
}

/** What `compose` thinks of an order. */
export interface OrderFindings {
  /** Why the row cannot work as meant; undefined when it can. */
  readonly wrong: string | undefined;
  /** Why it probably does not do what is wanted. */
  readonly doubts: readonly string[];
  /** The names of the policies, outermost first. */
  readonly names: readonly string[];
  /** The runtime of the first policy that has one. */
  readonly runtime: Runtime | undefined;
}

/** A pair that usually stands the wrong way round. */
interface Doubt {
  readonly outer: readonly string[];
  readonly inner: readonly string[];
  readonly because: string;
}

/** Kinds that hold something until the work has settled. */
const HOLDERS = ['queue', 'pool', 'bulkhead', 'concurrency-limiter'];

const DOUBTS: readonly Doubt[] = [
  { outer: HOLDERS, inner: ['retry'], because: 'its place is held while the retry waits' },
  {
    outer: ['breaker'],
    inner: ['retry'],
    because: 'it sees one result for several attempts, and does not stop them when it opens',
  },
  { outer: ['retry'], inner: ['retry'], because: 'their attempts multiply' },
  {
    outer: ['hedge'],
    inner: ['retry'],
    because: 'it takes the wait between attempts for a late answer',
  },
  { outer: HOLDERS, inner: ['queue'], because: 'its place is held while the call waits in line' },
  {
    outer: ['breaker'],
    inner: ['queue'],
    because: 'it counts waiting in line as slowness, and its probes wait there',
  },
];

/** The stage a policy shows, for `compose` to fuse. */
export function stageOf(policy: Policy): Stage | undefined {
  return (policy as Partial<Staged>)[STAGE];
}

/** Judges a row of policies, outermost first. */
export function judgeOrder(policies: readonly Policy[]): OrderFindings {
  const row = policies.map(describe);
  return {
    wrong: twice(row) ?? deadLimit(row),
    doubts: [...doubtfulPairs(row), ...blindBreaker(row)],
    names: row.map(({ name }) => name),
    runtime: row.find(({ runtime }) => runtime !== undefined)?.runtime,
  };
}

function describe(policy: Policy): Member {
  const stage = stageOf(policy);
  const told: Partial<Member> = stage ?? (policy as Partial<Member>);
  const { kind = 'foreign', name = kind, runtime } = told;
  return { policy, kind, name, stage, runtime };
}

function twice(row: readonly Member[]): string | undefined {
  const again = row.find(({ policy }, i) =>
    row.some((other, j) => j < i && other.policy === policy),
  );
  return again && `given each policy once (${again.name} would wait for itself, or count double)`;
}

function deadLimit(row: readonly Member[]): string | undefined {
  let nearest: TimeLimit | undefined;
  for (const { stage } of row) {
    if (stage === undefined || 'enter' in stage || stage.limitMs === Infinity) continue;
    if (nearest !== undefined && stage.limitMs >= nearest.limitMs) {
      return (
        `given shorter time limits further in (${stage.name} of ${stage.limitMs} ms ` +
        `can never be reached within ${nearest.name} of ${nearest.limitMs} ms)`
      );
    }
    nearest = stage;
  }
  return undefined;
}

function doubtfulPairs(row: readonly Member[]): string[] {
  return DOUBTS.flatMap(({ outer, inner, because }) =>
    row.flatMap((member, i) => {
      if (!outer.includes(member.kind)) return [];
      const within = row.slice(i + 1).find(({ kind }) => inner.includes(kind));
      return within === undefined ? [] : [`${member.name} outside ${within.name}: ${because}`];
    }),
  );
}

/** Outside a breaker a time limit looks like a caller who gave up. */
function blindBreaker(row: readonly Member[]): string[] {
  const isLimit = ({ kind }: Member): boolean => kind === 'timeout';
  return row.flatMap((member, i) => {
    const limit = row.slice(0, i).find(isLimit);
    if (member.kind !== 'breaker' || limit === undefined || row.slice(i).some(isLimit)) return [];
    return [`${limit.name} outside ${member.name}, and none inside: it never sees a call hang`];
  });
}

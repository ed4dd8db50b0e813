// The pods of the HPA vectors as units, and a reading per unit.
import type { Unit } from '../../src/scale/index.ts';

export interface PodRow {
  readonly name: string;
  readonly phase: string;
  readonly deleted: boolean;
  readonly ready?: boolean | null;
  readonly startAgeSeconds: number | null;
  readonly readyTransitionAgeSeconds?: number | null;
  readonly readyCondition?: {
    status: string | boolean;
    transitionAgeSeconds: number | null;
  } | null;
  readonly requestsMilli?: Readonly<Record<string, number | null>>;
}

/** Any moment will do; every time in the vectors is relative to it. */
export const NOW = 1e13;

export function unitOf(pod: PodRow, container: string | null | undefined): Unit {
  const condition = pod.readyCondition;
  const ready =
    condition === undefined
      ? pod.ready
      : condition === null
        ? null
        : condition.status === true || condition.status === 'True';
  const changedAge =
    condition === undefined ? pod.readyTransitionAgeSeconds : condition?.transitionAgeSeconds;
  const request = requestOf(pod, container);
  return {
    id: pod.name,
    phase: pod.phase === 'Failed' ? 'failed' : pod.phase === 'Pending' ? 'starting' : 'running',
    draining: pod.deleted,
    ...(ready == null ? {} : { ready }),
    ...(pod.startAgeSeconds == null ? {} : { startedAt: NOW - pod.startAgeSeconds * 1000 }),
    ...(changedAge == null ? {} : { readyChangedAt: NOW - changedAge * 1000 }),
    ...(request === undefined ? {} : { requests: { cpu: request / 1000 } }),
  };
}

function requestOf(pod: PodRow, container: string | null | undefined): number | undefined {
  const entries = Object.entries(pod.requestsMilli ?? {}).filter(
    ([name]) => container == null || name === container,
  );
  if (entries.length === 0 || entries.some(([, milli]) => milli === null)) return undefined;
  return entries.reduce((sum, [, milli]) => sum + (milli as number), 0);
}

/** int64 extremes are strings in the vectors. */
export function quantity(milli: number | string): number {
  return Number(milli) / 1000;
}

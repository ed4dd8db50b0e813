/**
 * What a server says of its limits, read from the headers of its responses.
 *
 * Understands the IETF draft "RateLimit header fields for HTTP" (revision 10, `RateLimit` and
 * `RateLimit-Policy`; revision 7, `limit=…, remaining=…, reset=…`; up to revision 6,
 * `RateLimit-Remaining` and so on), `X-RateLimit-*` as GitHub and others send it, and the units of
 * OpenAI (`x-ratelimit-remaining-tokens`) and Anthropic (`anthropic-ratelimit-tokens-remaining`).
 */

import type { Runtime } from '../core/index.ts';
import { responseHeader } from '../core/index.ts';

/** One limit of a server, as far as it tells. */
export interface Quota {
  /** What is counted: 'requests' where nothing else is said. */
  readonly unit: string;
  /** Units per window. */
  readonly limit: number | undefined;
  readonly windowMs: number | undefined;
  /** Units left. */
  readonly remaining: number | undefined;
  /** Milliseconds until there are more. */
  readonly resetMs: number | undefined;
}

const REQUESTS = 'requests';

/**
 * Reads the limits a response, or an error that carries one, tells of.
 *
 * ```ts
 * import { systemRuntime } from 'tenfold';
 * import { readQuotas } from 'tenfold/admission';
 *
 * const response = new Response('', { headers: { RateLimit: '"default";r=50;t=30' } });
 * const [quota] = readQuotas(response, ['requests'], systemRuntime());
 * console.log(quota?.remaining, quota?.resetMs); // 50 30000
 * ```
 *
 * @param units whose headers are looked for, beside those of the IETF draft
 * @param runtime whose wall clock dates are compared with
 */
export function readQuotas(detail: unknown, units: readonly string[], runtime: Runtime): Quota[] {
  const ietf = structured(detail);
  if (ietf.length > 0) return ietf;
  return units.flatMap((unit) => separate(detail, unit, runtime) ?? []);
}

/** `RateLimit: "name";r=1;t=2` and its policies, joined by name. */
function structured(detail: unknown): Quota[] {
  const policies = new Map(items(responseHeader(detail, 'ratelimit-policy')));
  const quotas = items(responseHeader(detail, 'ratelimit')).map(([name, told]): Quota => {
    const policy = policies.get(name) ?? {};
    return {
      unit: policy['qu'] ?? REQUESTS,
      limit: numberIn(policy['q'] ?? told['limit']),
      windowMs: seconds(policy['w']),
      remaining: numberIn(told['r'] ?? told['remaining']),
      resetMs: seconds(told['t'] ?? told['reset']),
    };
  });
  return quotas.filter(({ remaining }) => remaining !== undefined);
}

type Parameters = Readonly<Record<string, string>>;

/** The members of a structured field list and their parameters; of revision 7's dictionary, one. */
function items(header: string | undefined): [string, Parameters][] {
  if (header === undefined) return [];
  if (/^\s*(limit|remaining|reset)\s*=/.test(header)) {
    return [['', Object.fromEntries(header.split(',').map(pair))]];
  }
  const members = header.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? [];
  return members.map((member) => {
    const [name = '', ...parameters] = member.match(/(?:"(?:\\.|[^"\\])*"|[^;"])+/g) ?? [];
    return [unquoted(name), Object.fromEntries(parameters.map(pair))];
  });
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), unquoted(text.slice(at + 1))];
}

function unquoted(text: string): string {
  const inner = /^"(.*)"$/.exec(text.trim())?.[1];
  return inner === undefined ? text.trim() : inner.replace(/\\(.)/g, '$1');
}

/** A header for each number. */
function separate(detail: unknown, unit: string, runtime: Runtime): Quota | undefined {
  const read = (what: 'limit' | 'remaining' | 'reset'): string | undefined =>
    responseHeader(detail, `x-ratelimit-${what}-${unit}`) ??
    responseHeader(detail, `anthropic-ratelimit-${unit}-${what}`) ??
    (unit === REQUESTS
      ? (responseHeader(detail, `ratelimit-${what}`) ??
        responseHeader(detail, `x-ratelimit-${what}`))
      : undefined);
  const remaining = numberIn(read('remaining'));
  if (remaining === undefined) return undefined;
  return {
    unit,
    limit: numberIn(read('limit')),
    windowMs: undefined,
    remaining,
    resetMs: resetIn(read('reset'), runtime),
  };
}

function numberIn(text: string | undefined): number | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)/.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

function seconds(text: string | undefined): number | undefined {
  const number = numberIn(text);
  return number === undefined ? undefined : number * 1000;
}

/** Seconds above this are a date: 2001 and later. */
const EPOCH_SECONDS = 1e9;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Seconds, seconds of the epoch, a duration such as `6m0.5s`, or a date. */
function resetIn(text: string | undefined, runtime: Runtime): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed);
    return number < EPOCH_SECONDS ? number * 1000 : Math.max(0, number * 1000 - runtime.wallTime());
  }
  if (/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(trimmed)) {
    let sum = 0;
    for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
      sum += Number(number) * (UNIT_MS[unit as string] as number);
    }
    return sum;
  }
  const date = Date.parse(trimmed);
  return Number.isNaN(date) ? undefined : Math.max(0, date - runtime.wallTime());
}

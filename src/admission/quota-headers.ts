/**
 * What a server says of its limits, read from the headers of its responses.
 *
 * Understands the IETF draft "RateLimit header fields for HTTP" (revision 10, `RateLimit` and
 * `RateLimit-Policy`; revision 7, `limit=…, remaining=…, reset=…`; up to revision 6,
 * `RateLimit-Remaining` and so on), `X-RateLimit-*` as GitHub and others send it, and the units of
 * OpenAI (`x-ratelimit-remaining-tokens`) and Anthropic (`anthropic-ratelimit-tokens-remaining`).
 */

import type { Runtime } from '../core/index.ts';
import { epochMsIn, msUntil, plainNumber, responseHeader } from '../core/index.ts';

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

/** `RateLimit: "name";r=1;t=2` and its policies, joined by name; before revision 8 by their quota. */
function structured(detail: unknown): Quota[] {
  const policies = new Map(items(responseHeader(detail, 'ratelimit-policy')));
  const quotas = items(responseHeader(detail, 'ratelimit')).map(([name, told]): Quota => {
    const policy = policies.get(told['limit'] ?? name) ?? {};
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
  const unquotedText = header.replace(/"(?:\\.|[^"\\])*"/g, '');
  if (unquotedText.includes('"')) return []; // a string that never ends: nothing in the field can be trusted
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
  const limit = read('limit');
  return {
    unit,
    limit: numberIn(limit),
    windowMs: unit === REQUESTS ? windowOf(limit, detail) : undefined,
    remaining,
    resetMs: resetIn(read('reset'), detail, runtime),
  };
}

/** `100, 100;w=60`, as revisions up to 6 said it in `RateLimit-Limit`, or beside it in the policy. */
function windowOf(limit: string | undefined, detail: unknown): number | undefined {
  const quota = numberIn(limit);
  const policies = [...items(limit), ...items(responseHeader(detail, 'ratelimit-policy'))];
  const [, found] = policies.find(([name, { w }]) => plainNumber(name) === quota && w) ?? [];
  return seconds(found?.['w']);
}

/** The number a text begins with, where it is one: neither below 0 nor beyond counting. */
function numberIn(text: string | undefined): number | undefined {
  const number = plainNumber(text?.split(/[,;]/, 1)[0]);
  return number === Infinity ? undefined : number;
}

function seconds(text: string | undefined): number | undefined {
  const number = numberIn(text);
  return number === undefined ? undefined : number * 1000;
}

/** Seconds above this are a date, of 2001 or later; above the other they are milliseconds. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e11;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Seconds, seconds or milliseconds of the epoch, a duration such as `6m0.5s`, or a date. */
function resetIn(text: string | undefined, detail: unknown, runtime: Runtime): number | undefined {
  const number = numberIn(text);
  if (number !== undefined && number < EPOCH_SECONDS) return number * 1000;
  const duration = durationIn(text?.trim() ?? '');
  if (duration !== undefined) return duration;
  const date = number === undefined ? epochMsIn(text) : number * (number < EPOCH_MS ? 1000 : 1);
  return date === undefined ? undefined : msUntil(date, detail, runtime);
}

function durationIn(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    sum += Number(number) * (UNIT_MS[unit as string] as number);
  }
  return sum;
}

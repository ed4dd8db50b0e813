/**
 * What a server may say of its own limits: the IETF draft "RateLimit header fields for HTTP"
 * (draft-ietf-httpapi-ratelimit-headers-10) and `Retry-After` of RFC 9110.
 */

import type { Refusal } from '../core/index.ts';
import type { Allowance } from './limit.ts';

/**
 * The headers that tell a client what is left, for a response or a refusal with status 429.
 *
 * `RateLimit-Policy` names each limit with its quota and window in whole seconds, `RateLimit` what is
 * left of it and when there is more. Limits without a finite number are not told. On a refusal,
 * `Retry-After` says when the call may pass; no reset lies later than that, as the draft asks.
 *
 * ```ts
 * import { rateLimitHeaders, tokenBucket } from 'tenfold/admission';
 *
 * const limiter = tokenBucket({ capacity: 100, refillPerSecond: 10, name: 'api' });
 * const answer = limiter.tryTake();
 * const headers = rateLimitHeaders(limiter.peek(), answer.ok ? undefined : answer);
 * console.log(headers['RateLimit-Policy'], headers['RateLimit']); // "api";q=100;w=10 "api";r=99;t=1
 * ```
 *
 * @param allowances what `peek` answers
 * @param refusal the refusal the response is about, if it is one
 */
export function rateLimitHeaders(
  allowances: Allowance | readonly Allowance[],
  refusal?: Refusal,
): Record<string, string> {
  const told = [allowances].flat().filter(({ limit }) => Number.isFinite(limit));
  const headers: Record<string, string> = {};
  const latestS = refusal === undefined ? undefined : retryAfterSeconds(refusal);
  if (told.length > 0) {
    headers['RateLimit-Policy'] = told.map(policyOf).join(', ');
    headers['RateLimit'] = told.map((allowance) => leftOf(allowance, latestS)).join(', ');
  }
  if (latestS !== undefined) headers['Retry-After'] = String(latestS);
  return headers;
}

/** Undefined where nobody knows, or where the call can never pass. */
function retryAfterSeconds({ retryAfterMs }: Refusal): number | undefined {
  if (!(retryAfterMs > 0) || retryAfterMs === Infinity) return undefined;
  return whole(Math.ceil(retryAfterMs / 1000));
}

/** The greatest integer of structured fields (RFC 9651, 3.3.1). */
const GREATEST = 999_999_999_999_999;

function whole(integer: number): number {
  return Math.max(0, Math.min(GREATEST, integer));
}

function policyOf({ name, limit, windowMs, unit }: Allowance): string {
  const quota = `;q=${whole(Math.floor(limit))}`;
  const window =
    windowMs > 0 && windowMs < Infinity
      ? `;w=${whole(Math.max(1, Math.ceil(windowMs / 1000)))}`
      : '';
  return `${quoted(name)}${quota}${window}${unit === 'requests' ? '' : `;qu=${quoted(unit)}`}`;
}

function leftOf({ name, remaining, resetMs }: Allowance, latestS = Infinity): string {
  const left = `${quoted(name)};r=${whole(Math.floor(remaining))}`;
  if (!(resetMs > 0) || resetMs === Infinity) return left;
  return `${left};t=${whole(Math.min(latestS, Math.ceil(resetMs / 1000)))}`;
}

/** A string of structured fields (RFC 9651): printable ASCII. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}

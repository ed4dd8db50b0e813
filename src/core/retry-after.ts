/**
 * When to come again, as a failure says it: our own refusals, HTTP responses and the errors that
 * clients make of them.
 */

import { isRejectedError } from './errors.ts';
import type { Runtime } from './runtime.ts';

/**
 * Reads how many milliseconds a failure asks its caller to stay away.
 *
 * Looks at `retryAfterMs` of a `RejectedError`, then at the headers of the value itself or of its
 * `response` (a `Headers`, or an object with lower-case names): `retry-after-ms`, then `Retry-After`
 * in seconds or as an HTTP date (RFC 9110, 10.2.3). What is neither says nothing.
 *
 * @param detail an error or a response; anything else says nothing
 * @param runtime whose wall clock dates are compared with where the response has no `Date` of its own
 * @returns 0 or more, or undefined when nothing (readable) is said
 */
export function retryAfterMs(detail: unknown, runtime: Runtime): number | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined;
  if (isRejectedError(detail)) return detail.retryAfterMs > 0 ? detail.retryAfterMs : undefined;
  const ms = plainNumber(responseHeader(detail, 'retry-after-ms'));
  if (ms !== undefined) return ms;
  const text = responseHeader(detail, 'retry-after');
  const seconds = plainNumber(text);
  if (seconds !== undefined) return seconds * 1000;
  const date = epochMsIn(text);
  return date === undefined ? undefined : msUntil(date, detail, runtime);
}

/** A number of 0 or more in plain decimals; undefined for anything else. */
export function plainNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : undefined;
}

const HTTP_DATE = /^(mon|tue|wed|thu|fri|sat|sun)/i;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}T/;
const ZONE = /(gmt|utc|z|[+-]\d{2}:?\d{2})$/i;

/**
 * A date of HTTP or ISO 8601, in epoch milliseconds; undefined for anything else. Stricter than
 * `Date.parse`, which takes `-5` for a day in May, and a date without a zone for local time.
 */
export function epochMsIn(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  const isHttp = HTTP_DATE.test(trimmed);
  if (!isHttp && !ISO_DATE.test(trimmed)) return undefined;
  const zone = isHttp ? ' GMT' : 'Z';
  const date = Date.parse(ZONE.test(trimmed) ? trimmed : trimmed + zone);
  return Number.isNaN(date) ? undefined : date;
}

/**
 * Milliseconds until an instant that a response names, 0 when it has passed. Counted from the
 * response's own `Date`, so that it does not matter how wrong the clock is on either side.
 */
export function msUntil(epochMs: number, detail: unknown, runtime: Runtime): number {
  const sentAt = epochMsIn(responseHeader(detail, 'date')) ?? runtime.wallTime();
  return Math.max(0, epochMs - sentAt);
}

/**
 * A header of a response, or of the response an error carries: of a `Headers`, or of an object with
 * lower-case names.
 *
 * @param name in lower case
 */
export function responseHeader(detail: unknown, name: string): string | undefined {
  const { headers, response } = (detail ?? {}) as Readonly<Record<string, unknown>>;
  const found = headers ?? (response as { readonly headers?: unknown } | undefined)?.headers;
  return headerOf(found, name);
}

/** The HTTP status of a response, or of the response an error carries. */
export function responseStatus(detail: unknown): number | undefined {
  const { response } = (detail ?? {}) as { readonly response?: unknown };
  return ownStatus(detail) ?? ownStatus(response);
}

function ownStatus(answer: unknown): number | undefined {
  const { status, statusCode } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const found = status ?? statusCode;
  return typeof found === 'number' ? found : undefined;
}

function headerOf(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const { get } = headers as { readonly get?: unknown };
  const value: unknown =
    typeof get === 'function'
      ? Reflect.apply(get, headers, [name])
      : (headers as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

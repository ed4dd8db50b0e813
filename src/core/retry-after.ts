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
 * in seconds or as an HTTP date (RFC 9110, 10.2.3).
 *
 * @param detail an error or a response; anything else says nothing
 * @param runtime whose wall clock dates are compared with
 * @returns 0 or more, or undefined when nothing (readable) is said
 */
export function retryAfterMs(detail: unknown, runtime: Runtime): number | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined;
  if (isRejectedError(detail)) return detail.retryAfterMs > 0 ? detail.retryAfterMs : undefined;
  const inMs = Number(responseHeader(detail, 'retry-after-ms') ?? Number.NaN);
  if (inMs >= 0) return inMs;
  const text = responseHeader(detail, 'retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - runtime.wallTime());
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
  const { status, statusCode, response } = (detail ?? {}) as Readonly<Record<string, unknown>>;
  const found =
    status ?? statusCode ?? (response as { readonly status?: unknown } | undefined)?.status;
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

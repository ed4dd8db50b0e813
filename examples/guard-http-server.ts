// A guard for node:http: sheds load when the process cannot keep up, holds each client to a rate, bounds
// the requests in flight, and tells clients where they stand (RateLimit headers, Retry-After).
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  bucket,
  concurrencyLimiter,
  jointLimiter,
  keyedLimiter,
  loadShedder,
  rateLimitHeaders,
} from 'tenfold/admission';

const clientOf = (request: IncomingMessage): string =>
  String(request.headers['x-api-key'] ?? request.socket.remoteAddress);

/** Guards any request listener; the pass ends when the response does. */
function guarded(listener: RequestListener): RequestListener {
  const shedder = loadShedder({ process: { eventLoopDelayMs: 100 } });
  const limiter = jointLimiter({
    limiters: [
      keyedLimiter({ name: 'client', rate: bucket({ capacity: 5, refillPerSecond: 1 }) }),
      concurrencyLimiter({ name: 'in flight', limit: 64 }),
    ],
    exempt: ({ kind }) => kind === '/health',
  });
  return (request, response) => {
    const key = clientOf(request);
    const call = {
      key,
      tenant: key,
      kind: request.url,
      priority: request.method === 'GET' ? 0 : 1,
    };
    const shed = shedder.tryEnter(call);
    const entry = shed.ok ? limiter.tryEnter(call) : shed;
    const headers = rateLimitHeaders(limiter.peek(call), entry.ok ? undefined : entry);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!entry.ok) {
      response.statusCode = entry.code === 'ERR_RATE_LIMITED' ? 429 : 503;
      response.end(entry.message);
      return;
    }
    response.once('close', () => entry.done(response.writableFinished ? 'success' : 'cancelled'));
    listener(request, response);
  };
}

const server: Server = createServer(guarded((_request, response) => response.end('hello')));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const get = (path: string, key: string) =>
  fetch(base + path, { headers: { 'x-api-key': key, connection: 'close' } });

const statuses: number[] = [];
for (let i = 0; i < 6; i++) statuses.push((await get('/', 'acme')).status);
const refused = await get('/', 'acme');
const other = await get('/', 'globex');
const health = await get('/health', 'acme');

assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
assert.equal(refused.headers.get('retry-after'), '1');
assert.equal(other.status, 200, 'clients do not pay for each other');
assert.equal(health.status, 200, 'health checks are exempt');
assert.match(other.headers.get('ratelimit') ?? '', /"client";r=4;t=1/);
console.log(`acme ${statuses.join(' ')}, globex ${other.status}, health ${health.status}`);
console.log(`RateLimit-Policy: ${other.headers.get('ratelimit-policy')}`);
server.close();
server.closeAllConnections();

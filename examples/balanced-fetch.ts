// Two lines put a balancer before fetch. One of three servers stalls and one fails fast; callers hardly
// notice.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { balancer } from 'tenfold';

type Mood = 'well' | 'slow' | 'broken';
const servers = await Promise.all(
  (['well', 'slow', 'broken'] as Mood[]).map(async (mood) => {
    const server = createServer((_request, response) => {
      const answer = (): void => void response.writeHead(mood === 'broken' ? 503 : 200).end(mood);
      setTimeout(answer, mood === 'slow' ? 300 : 2);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }),
);

// The two lines.
const api = balancer({ endpoints: servers.map(({ url }) => url), retryOn: isBad });
const get = (path: string) =>
  api.run(async ({ signal }, url) => {
    const response = await fetch(url + path, { signal });
    await response.text();
    return response;
  });

/** A network error, or an answer that says the server failed. */
function isBad(detail: unknown): boolean {
  return !(detail instanceof Response) || detail.status >= 500;
}

const times: number[] = [];
for (let call = 0; call < 200; call++) {
  const from = performance.now();
  const response = await get('/');
  assert.equal(response.status, 200);
  times.push(performance.now() - from);
}

times.sort((a, b) => a - b);
const p90 = times[180] as number;
for (const { id, state, calls, latencyMs, errorRatio } of api.snapshot().endpoints) {
  console.log(
    `${id}  ${state.padEnd(8)} ${String(calls).padStart(4)} calls  ${latencyMs.toFixed(0).padStart(4)} ms  ${(errorRatio * 100).toFixed(0)} % errors`,
  );
}
console.log(`p90 ${p90.toFixed(1)} ms, every answer was good`);
assert.ok(p90 < 100, 'nine of ten calls are served by the server that is well');

await api.close();
for (const { server } of servers) {
  server.closeAllConnections();
  server.close();
}

import { seededRandom } from 'tenfold/core';
import { factsOf } from '../../examples/demo/facts.ts';
import { type DemoOptions, parseOptions } from '../../examples/demo/options.ts';
import type { Scenario } from '../../examples/demo/scenario.ts';
import { serviceNamed } from '../../examples/demo/services.ts';
import type { Trace } from '../../examples/demo/trace.ts';

/** A few minutes of both services, about four requests a second. */
export function smallTrace(count = 900): Trace {
  const random = seededRandom('small trace');
  const column = (value: (i: number) => number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => value(i));
  const isCode = Array.from({ length: count }, () => random() < 0.3);
  return {
    count,
    at: column((i) => i * 250),
    contextTokens: column(() => 100 + random() * 3_000),
    generatedTokens: column((i) => Math.ceil(1 + random() * (isCode[i] ? 30 : 300))),
    service: Uint8Array.from(isCode, (is) => (is ? 0 : 1)),
    services: [serviceNamed('code'), serviceNamed('conversation')],
  };
}

/** The options of a command line that asks for no help. */
export function optionsOf(...args: string[]): DemoOptions {
  const options = parseOptions(args);
  if (options === 'help') throw new Error('asked for help');
  return options;
}

/** A small scenario whose backend is bad in the second minute, unless the arguments say otherwise. */
export function smallScenario(...args: string[]): Scenario {
  const options = optionsOf('--bad', '1m-2m', ...args);
  const trace = smallTrace();
  return { options, trace, facts: factsOf(trace, options) };
}

/** A moment of the trace as the trace files write it. */
export function formatTime(ms: number): string {
  return new Date(Date.UTC(2023, 10, 16, 18) + ms).toISOString().replace('T', ' ').replace('Z', '');
}

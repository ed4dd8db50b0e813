/** The command line of the demo. Anything not understood is an `InputError` that shows the usage. */
import { parseArgs } from 'node:util';
import type { BadInterval } from './backend.ts';
import { type Guard, GUARDS, GUARD_TEXTS } from './guards.ts';
import { InputError } from './input-error.ts';
import { type Curve, MODEL_SPEEDS, type ModelSpeed, REFERENCE_BATCH } from './service-time.ts';
import { traceFile, type TraceFile } from './trace.ts';

/** What the user asked for. */
export interface DemoOptions {
  readonly scales: readonly number[];
  readonly seed: number;
  readonly jitterMs: number;
  readonly traces: readonly TraceFile[];
  readonly without: readonly Guard[];
  /** Whether to switch off each guard in turn at the greatest load, too. */
  readonly shares: boolean;
  readonly speed: ModelSpeed;
  readonly bad: BadInterval | undefined;
  readonly workerStartMs: number;
  /** Most workers of an elastic pool; undefined: ten times the fixed pool. */
  readonly maxWorkers: number | undefined;
  /** Where the report goes; undefined writes none. */
  readonly report: string | undefined;
  /** Where a picture of the first chart goes; undefined draws none. */
  readonly picture: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The traces that come with the package. */
const DEFAULT_TRACES: readonly string[] = [
  'azure-llm-2023-code.csv',
  'azure-llm-2023-conv.csv',
].map((name) => `examples/data/${name}`);

/** How to call the demo. */
export const USAGE: string = `npm run demo -- [options]

Replays an hour of real LLM traffic at several times its load through three
wirings of one agent platform, in virtual time, and compares them.

  --scale 1,2,5,10      load levels: each request so many times
  --seed 1              seed of jitter, tenants and luck; same seed, same output
  --jitter 1s           every copy moves by up to ± this much (ms, s or m)
  --trace FILE          a trace, repeatable; SERVICE=FILE names its service,
                        else the last word of the file name does
  --without GUARD       the guarded wiring without this guard, repeatable:
${GUARDS.map((guard) => `                          ${guard.padEnd(10)} ${GUARD_TEXTS[guard]}`).join('\n')}
  --no-shares           leave out the runs that show each guard's share, and
                        those at the greatest load with half the workers
  --hardware h100       published speeds to use: h100 or a100
  --first-token-ms N    the time to the first token, whatever the context
  --token-ms N          the time of every further token
  --worker-start 30s    how long a new worker takes to be ready
  --max-workers N       most workers of an elastic pool; ten times the fixed pool
  --bad 28m-33m         when the backend is bad; none for never
  --report report.html  where the HTML report goes; none for no report
  --picture FILE.svg    the first chart at the greatest load, as a picture
  --json                print the results as JSON
  --quiet               no progress and no remarks
  --help                print this
`;

/** Understands the command line; `help` if that is what was asked for. */
export function parseOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  const [from, to] = badInterval(values.bad);
  return {
    scales: scales(values.scale),
    seed: whole('--seed', values.seed, { min: 0 }),
    jitterMs: duration('--jitter', values.jitter),
    traces: (values.trace ?? DEFAULT_TRACES).map(traceFile),
    without: (values.without ?? []).map(guard),
    shares: !values['no-shares'] && values.without === undefined,
    speed: speed(values.hardware, values['first-token-ms'], values['token-ms']),
    bad: from === undefined || to === undefined ? undefined : { from, to },
    workerStartMs: duration('--worker-start', values['worker-start']),
    maxWorkers:
      values['max-workers'] === undefined
        ? undefined
        : whole('--max-workers', values['max-workers'], { min: 1 }),
    picture: values.picture,
    report: values.report === 'none' ? undefined : values.report,
    json: values.json,
    quiet: values.quiet,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scale: { type: 'string', default: '1,2,5,10' },
        seed: { type: 'string', default: '1' },
        jitter: { type: 'string', default: '1s' },
        trace: { type: 'string', multiple: true },
        without: { type: 'string', multiple: true },
        'no-shares': { type: 'boolean', default: false },
        hardware: { type: 'string', default: 'h100' },
        'first-token-ms': { type: 'string' },
        'token-ms': { type: 'string' },
        'worker-start': { type: 'string', default: '30s' },
        'max-workers': { type: 'string' },
        picture: { type: 'string' },
        bad: { type: 'string', default: '28m-33m' },
        report: { type: 'string', default: 'report.html' },
        json: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw wrong((error as Error).message.split('. ')[0] ?? 'bad arguments');
  }
}

function scales(text: string): number[] {
  const found = text.split(',').map((part) => whole('--scale', part.trim(), { min: 1, max: 100 }));
  return [...new Set(found)].sort((a, b) => a - b);
}

function whole(
  option: string,
  text: string,
  { min, max = 2 ** 32 - 1 }: { readonly min: number; readonly max?: number },
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw wrong(`${option} must be a whole number from ${min} to ${max}, got "${text}"`);
  }
  return value;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0) {
    throw wrong(`${option} must be a number above 0, got "${text}"`);
  }
  return value;
}

function duration(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  if (!match) throw wrong(`${option} must be a duration such as 500ms, 1s or 2m, got "${text}"`);
  const unit = { ms: 1, s: 1_000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'];
  return Number(match[1]) * unit;
}

function badInterval(text: string): [number, number] | [] {
  if (text === 'none') return [];
  const [from = '', to = '', more] = text.split('-');
  if (to === '' || more !== undefined) {
    throw wrong(`--bad must be FROM-TO such as 28m-33m, or none, got "${text}"`);
  }
  const interval: [number, number] = [duration('--bad', from), duration('--bad', to)];
  if (interval[0] >= interval[1]) throw wrong(`--bad must end after it begins, got "${text}"`);
  return interval;
}

function guard(name: string): Guard {
  const found = GUARDS.find((known) => known === name);
  if (!found) throw wrong(`--without must be one of ${GUARDS.join(', ')}, got "${name}"`);
  return found;
}

function speed(hardware: string, firstTokenMs?: string, tokenMs?: string): ModelSpeed {
  if (hardware !== 'h100' && hardware !== 'a100') {
    throw wrong(`--hardware must be h100 or a100, got "${hardware}"`);
  }
  const published = MODEL_SPEEDS[hardware];
  if (firstTokenMs === undefined && tokenMs === undefined) return published;
  return {
    label: 'speeds given on the command line',
    firstToken:
      firstTokenMs === undefined
        ? published.firstToken
        : [[0, positive('--first-token-ms', firstTokenMs)]],
    token:
      tokenMs === undefined
        ? published.token
        : scaled(published.token, positive('--token-ms', tokenMs)),
  };
}

/** The published curve over the batch, moved so that it has `ms` at the reference batch. */
function scaled(curve: Curve, ms: number): Curve {
  const reference = curve.find(([batch]) => batch === REFERENCE_BATCH)?.[1] ?? ms;
  return curve.map(([batch, time]) => [batch, (time * ms) / reference]);
}

function wrong(message: string): InputError {
  return new InputError(message, { showsUsage: true });
}

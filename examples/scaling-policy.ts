// Every plug-in of the scaling engine, each of one method, written by hand: a source, a policy, a
// combiner, a stage and an actuator. They scale a pool of agents by the tokens that wait for them.
import assert from 'node:assert/strict';
import {
  type Actuator,
  type Combiner,
  controller,
  explain,
  type ScalingPolicy,
  scalingEngine,
  type Source,
  type Stage,
  stabilisation,
} from 'tenfold/scale';
import { virtualRuntime } from 'tenfold/sim';

const runtime = virtualRuntime();
const fleet = { agents: 2 };
const line = { tokens: 0, quietHours: false };

const tokens: Source = { read: () => line.tokens };

/** An agent works off 50 tokens a second; the line is to be gone in a minute. */
const byTokens: ScalingPolicy = {
  propose({ sample }) {
    const { value, quality } = sample('tokens');
    if (quality !== 'fresh') return { desired: undefined, why: `tokens: ${quality}` };
    return { desired: value / (50 * 60), why: `${value} tokens wait` };
  },
};

/** At least one agent on call, whatever the others say. */
const onCall: ScalingPolicy = { propose: () => ({ desired: 1, why: 'one on call' }) };

/** The sum, not the largest: the agent on call takes no part in the work. */
const sum: Combiner = {
  combine: (all) => ({ desired: all.reduce((n, { desired }) => n + desired, 0), why: 'the sum' }),
};

/** Agents come in racks of four; remembers how often it had to round. */
const racks: Stage<number> = {
  name: 'racks',
  adjust(desired, _situation, rounded = 0) {
    const whole = Math.ceil(desired / 4) * 4;
    if (whole === desired) return { desired };
    return { desired: whole, why: 'whole racks', state: rounded + 1 };
  },
};

const agents: Actuator = {
  current: () => fleet.agents,
  apply: (units) => void (fleet.agents = units),
};

const scaler = controller({
  engine: scalingEngine({
    bounds: { min: 4, max: 40 },
    policies: { byTokens, onCall },
    combine: sum,
    stages: [stabilisation({ inMs: 60_000 }), racks],
  }),
  sources: { tokens },
  actuator: agents,
  runtime,
});

line.tokens = 40_000; // 14 agents for a minute, and one on call
await runtime.advance(5_000);
const [record] = scaler.recent();
assert(record !== undefined);
console.log(explain(record));
assert.equal(fleet.agents, 16);
assert.equal(scaler.state()?.stages['racks'], 1);

line.tokens = 0;
await runtime.advance(120_000);
assert.equal(fleet.agents, 4);
await scaler.close();

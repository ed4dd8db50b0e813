// What the types promise; checked by `npm test` (vitest --typecheck), never run.
import { expectTypeOf, test } from 'vitest';
import {
  compose,
  isRejectedError,
  timeout,
  type Call,
  type Policy,
  type RejectedError,
  type Work,
} from 'tenfold';
import { emitter, systemRuntime, workCall } from 'tenfold/core';

test('a policy answers with what the work answers, awaited', () => {
  const guard = compose(timeout({ ms: 300 }));

  expectTypeOf(guard.run(() => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(guard.run(async () => 'x')).toEqualTypeOf<Promise<string>>();
});

test('composing policies gives a policy, whatever is inside', () => {
  const own: Policy = { run: async (work, call) => work(workCall(call), undefined) };

  expectTypeOf(compose(own, timeout({ ms: 1 }), compose(own))).toExtend<Policy>();
});

test('what is no policy is refused', () => {
  // @ts-expect-error a function is not a policy
  compose(() => 1);
  // @ts-expect-error a number is not a policy
  compose(1);
});

test('work always sees a signal and an attempt, a caller need give neither', () => {
  expectTypeOf<Parameters<Work<void>>[0]['signal']>().toEqualTypeOf<AbortSignal>();
  expectTypeOf<Parameters<Work<void>>[0]['attempt']>().toEqualTypeOf<number>();
  expectTypeOf({}).toExtend<Call>();
});

test('a call can be spread and refined inside work', () => {
  const inner = compose(timeout({ ms: 1 }));
  const outer = inner.run((call) => inner.run(() => 1, { ...call, priority: 3 }));

  expectTypeOf(outer).toEqualTypeOf<Promise<number>>();
});

test('a misspelt field of a call or an option is refused', () => {
  const guard = compose(timeout({ ms: 1 }));
  // @ts-expect-error the field is `priority`
  void guard.run(() => 1, { prioritty: 3 });
  // @ts-expect-error the option is `ms`
  timeout({ milliseconds: 3 });
});

test('a cost is a number or a record of units', () => {
  expectTypeOf(3).toExtend<NonNullable<Call['cost']>>();
  expectTypeOf({ requests: 1, tokens: 900 }).toExtend<NonNullable<Call['cost']>>();
});

test('an error is narrowed by its brand', () => {
  const error: unknown = undefined;

  if (isRejectedError(error)) {
    expectTypeOf(error).toEqualTypeOf<RejectedError>();
    expectTypeOf(error.retryAfterMs).toEqualTypeOf<number>();
  }
});

test('a listener knows the event of the name it listens to', () => {
  const events = emitter<{ opened: { at: number }; closed: string }>(systemRuntime(), 'test');

  events.on('opened', (event) => expectTypeOf(event).toEqualTypeOf<{ at: number }>());
  expectTypeOf(events.on('closed', () => {})).toExtend<Disposable>();
});

/**
 * A flight: one call on its way through a row of stages, its work, and back.
 *
 * One function derives `run` from stages. Its two forms share one meaning: the plain one where nothing
 * can end the call before its work does, the racing one where a time limit or an abort can.
 */

import type { Call } from './call.ts';
import { ownSignal } from './call.ts';
import { flyDirectly } from './direct-flight.ts';
import type { Door, Stage } from './door.ts';
import type { Policy } from './policy.ts';
import { flyRacing } from './racing-flight.ts';
import type { Runtime } from './runtime.ts';
import { stepsOf } from './step.ts';

/**
 * Derives `run` from a row of stages, outermost first. It always answers with a promise.
 *
 * @param stages all on the same runtime; none: the caller's abort answers it, and that is all
 * @param runtime needed where there are no stages
 */
export function flightRunner(
  stages: readonly Stage[],
  runtime: Runtime = (stages[0] as Stage).runtime,
): Policy['run'] {
  const doors = stages.filter(isDoor);
  const steps = stepsOf(stages);
  const alwaysRaces = doors.length < stages.length;
  return (work, given) => {
    try {
      const call = given ?? undefined;
      return alwaysRaces || hasSignal(call)
        ? flyRacing(steps, runtime, work, call)
        : flyDirectly(doors, runtime, work, call);
    } catch (error) {
      return Promise.reject(error); // what is wrong with the call, such as a signal that is none
    }
  };
}

function hasSignal(call: Call | undefined): boolean {
  return call !== undefined && ownSignal(call) !== undefined;
}

function isDoor(stage: Stage): stage is Door {
  return 'enter' in stage;
}

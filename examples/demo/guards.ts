/** The guards of the guarded wiring, by the name under which `--without` switches one off. */
export const GUARDS = [
  'admission',
  'priority',
  'deadline',
  'bound',
  'breaker',
  'timeout',
  'scaling',
] as const;

/** One guard. */
export type Guard = (typeof GUARDS)[number];

/** What each guard does, for usage and report. */
export const GUARD_TEXTS: Readonly<Record<Guard, string>> = {
  admission: 'token bucket per tenant, spending the tokens of a request',
  priority: 'code completions before conversations',
  deadline: 'waiting requests are dropped when it is too late to begin',
  bound: 'a limit on how many may wait',
  breaker: 'fails at once while most calls fail',
  timeout: 'gives up work that takes longer than a request has time',
  scaling: 'the pool follows the load',
};

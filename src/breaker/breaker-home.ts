/**
 * What all cells of a breaker share: checked options, rules, events, and the channel to other processes.
 */

import type { Emitter, OptionChecks, Runtime } from '../core/index.ts';
import { emitter, optionChecks, systemRuntime } from '../core/index.ts';
import type { BreakerCell, CellHome } from './breaker-cell.ts';
import type { BreakerEvents } from './breaker-events.ts';
import type { BreakerHint } from './breaker-hints.ts';
import { HINT_TRUSTS, isHintFor } from './breaker-hints.ts';
import type { BreakerRules, CircuitBreakerOptions } from './breaker-options.ts';
import { callWindow, machineRules, MODES, RULES } from './breaker-options.ts';
import type { BreakerMode, StateChange } from './breaker-state.ts';
import type { MachineRules } from './machine-types.ts';

/** Changes that `update` takes. */
export type BreakerChanges = BreakerRules & { readonly mode?: BreakerMode };

/** What a home needs to know of the breaker it serves. */
export interface Household {
  /** Name of the factory, which begins option errors. */
  readonly subject: string;
  /** The cell of a key that a hint is about; undefined where nothing is known of it. */
  find(key: string | undefined): BreakerCell | undefined;
  /** @see CellHome.mayOpen */
  mayOpen(now: number): boolean;
  /** @see CellHome.changed */
  changed(cell: BreakerCell, change: StateChange): void;
}

export class BreakerHome implements CellHome {
  readonly name: string;
  readonly runtime: Runtime;
  readonly events: Emitter<BreakerEvents>;
  readonly random: () => number;
  options: CircuitBreakerOptions;
  rules: MachineRules;
  private readonly household: Household;
  private readonly check: OptionChecks;
  private subscription: Disposable | undefined = undefined;

  constructor(household: Household, options: CircuitBreakerOptions) {
    const check = optionChecks(household.subject);
    const { classify, openMsFor, hints, hintTrust = 'suspect', mode = 'auto' } = options;
    if (classify !== undefined) check.callable('classify', classify);
    if (openMsFor !== undefined) check.callable('openMsFor', openMsFor);
    if (hints !== undefined) check.methods('hints', hints, ['publish', 'subscribe']);
    check.oneOf('mode', mode, MODES);
    check.oneOf('hintTrust', hintTrust, HINT_TRUSTS);
    this.household = household;
    this.check = check;
    this.options = options;
    this.rules = machineRules(household.subject, options);
    callWindow(household.subject, options); // only to refuse a wrong one now, not at the first key
    this.name = check.text('name', options.name ?? 'breaker');
    this.runtime = options.runtime ?? systemRuntime();
    this.random = this.runtime.random(`${this.name} jitter`);
    this.events = emitter(this.runtime, this.name);
  }

  /** Hears hints from now on; called when there are cells, for a channel may repeat its last one at once. */
  listen(): void {
    this.subscription = this.options.hints?.subscribe((hint) => this.hear(hint));
  }

  mayOpen(now: number): boolean {
    return this.household.mayOpen(now);
  }

  changed(cell: BreakerCell, change: StateChange): void {
    this.household.changed(cell, change);
    if (this.options.hints !== undefined) this.tell(cell, change);
  }

  /** Changes the rules; the cells are left to the breaker. */
  update(changes: BreakerChanges): void {
    this.check.known(changes, [...RULES, 'mode']);
    if (changes.mode !== undefined) this.check.oneOf('mode', changes.mode, MODES);
    const options = { ...this.options, ...changes };
    this.rules = machineRules(this.household.subject, options);
    this.options = options;
  }

  checkOpenMs(openMs: number | undefined): void {
    if (openMs !== undefined) this.check.durationMs('trip', openMs);
  }

  close(): void {
    this.subscription?.[Symbol.dispose]();
    this.subscription = undefined;
  }

  private tell(cell: BreakerCell, change: StateChange): void {
    const state = newsIn(change);
    if (state === undefined) return;
    const { openMs } = change;
    const hint: BreakerHint = { breaker: this.name, key: cell.key, state, openMs };
    const failed = (error: unknown): void => this.runtime.report(error, `${this.name}: hints`);
    try {
      Promise.resolve(this.options.hints?.publish(hint)).then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  private hear(hint: unknown): void {
    if (!isHintFor(this.name, hint)) return;
    const machine = this.household.find(hint.key)?.machine;
    const now = this.runtime.now();
    if (hint.state === 'closed') machine?.stopWaiting(now);
    else if (this.options.hintTrust === 'open') machine?.openAsAsked(now, 'hint', hint.openMs);
    else machine?.suspect(now, Math.min(hint.openMs, this.rules.openMaxMs));
  }
}

/** What others should hear of: what was found out here, not what was heard or done by hand. */
function newsIn({ to, reason }: StateChange): BreakerHint['state'] | undefined {
  switch (reason) {
    case 'hint':
    case 'manual':
    case 'restored':
    case 'open-time-over':
    case 'ramp-done':
      return undefined;
    default:
      return to === 'open' ? 'open' : 'closed';
  }
}

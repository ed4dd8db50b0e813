/** The account of one party of a fair order (a tenant, a user): its share, and what it has used of it. */

export class Flow {
  readonly name: string;
  /** Share of this flow against its neighbours, above 0. */
  weight: number;
  /** Up to which virtual time its share has been used: its start tag in line, its finish tag else. */
  usedUpTo = 0;
  /** Entries at work. */
  running = 0;
  /** Mean cost of what ended last, in the unit of the charge. */
  expectedCost = 1;
  /** True while it may start nothing: paused, or at its cap. */
  isHeld: boolean;
  /** Id among the resting flows; -1 when it is not one of them. */
  restId = -1;

  constructor(options: { name: string; weight: number; isHeld: boolean }) {
    this.name = options.name;
    this.weight = options.weight;
    this.isHeld = options.isHeld;
  }
}

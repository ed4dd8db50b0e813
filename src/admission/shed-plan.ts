/**
 * Who is let in when not all can be: the urgent before the rest, and among equals no tenant more than
 * its fair share.
 *
 * From the arrivals of the interval before it follows at which priority the admitted share ends. Those
 * above it pass, those below do not, and at it the room is shared max-min fairly: each tenant gets the
 * same number of places and what one does not need goes to the others, so a tenant that asks for ten
 * times as much as all others cannot take their places.
 *
 * Sources: the priority threshold of Tencent's DAGOR (Zhou et al., 2018) and Uber's Cinnamon (2023),
 * which hash callers into cohorts where this counts them; max-min fairness of Jaffe (1981).
 */

/** What has been counted, or is let in, at one priority. */
export interface Level {
  total: number;
  /** By tenant; those beyond the bound share the last entry. */
  readonly tenants: Map<string, number>;
}

/** Priorities and tenants told apart; the rest count together. */
const MOST_LEVELS = 64;
const MOST_TENANTS = 4096;
const THE_REST = '\u0000rest';

/** Counts the arrivals of one interval. */
export class Arrivals {
  readonly levels: Map<number, Level> = new Map<number, Level>();
  total = 0;

  add(priority: number, tenant: string): void {
    this.total++;
    const level = this.levelOf(priority);
    level.total++;
    const isKnown = level.tenants.has(tenant) || level.tenants.size < MOST_TENANTS;
    const name = isKnown ? tenant : THE_REST;
    level.tenants.set(name, (level.tenants.get(name) ?? 0) + 1);
  }

  private levelOf(priority: number): Level {
    const level = this.levels.get(priority);
    if (level !== undefined) return level;
    if (this.levels.size >= MOST_LEVELS) return this.levels.get(this.nearest(priority)) as Level;
    const made: Level = { total: 0, tenants: new Map() };
    this.levels.set(priority, made);
    return made;
  }

  private nearest(priority: number): number {
    const known = [...this.levels.keys()];
    return known.reduce((best, one) =>
      Math.abs(one - priority) < Math.abs(best - priority) ? one : best,
    );
  }
}

/** What is let in, by priority and tenant. */
export class ShedPlan {
  /** Above it everybody passes, below it nobody. */
  readonly edge: number;
  /** At the edge, the chance of each tenant that came, and of one that did not. */
  private readonly chances: ReadonlyMap<string, number>;
  private readonly strangers: number;

  private constructor(edge: number, chances: ReadonlyMap<string, number>, strangers: number) {
    this.edge = edge;
    this.chances = chances;
    this.strangers = strangers;
  }

  /** Lets `ratio` (0–1) of what arrived pass. */
  static of(arrivals: Arrivals, ratio: number): ShedPlan {
    const byUrgency = [...arrivals.levels].sort(([a], [b]) => b - a);
    let room = ratio * arrivals.total;
    for (const [priority, level] of byUrgency) {
      if (room < level.total) return ShedPlan.atEdge(priority, level, room);
      room -= level.total;
    }
    return new ShedPlan(-Infinity, new Map(), 1);
  }

  private static atEdge(priority: number, { tenants, total }: Level, room: number): ShedPlan {
    const fair = waterLevel([...tenants.values()], room);
    const chances = new Map<string, number>();
    for (const [tenant, count] of tenants) chances.set(tenant, Math.min(1, fair / count));
    // With room for a call of every tenant, one more tenant has room for its first, too.
    const newcomers = fair >= 1 ? 1 : room / total;
    return new ShedPlan(priority, chances, chances.get(THE_REST) ?? newcomers);
  }

  /** The chance of a call, 0–1. */
  chanceOf(priority: number, tenant: string): number {
    if (priority !== this.edge) return priority > this.edge ? 1 : 0;
    return this.chances.get(tenant) ?? this.strangers;
  }
}

/** The most places each may have so that together they have `room`. */
function waterLevel(counts: number[], room: number): number {
  counts.sort((a, b) => a - b);
  let left = room;
  for (let i = 0; i < counts.length; i++) {
    const each = left / (counts.length - i);
    if ((counts[i] as number) > each) return each;
    left -= counts[i] as number;
  }
  return Infinity;
}

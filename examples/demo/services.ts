/**
 * The two services of the trace. A code completion holds up a typing programmer: urgent, and worth
 * nothing after a few seconds. A conversation's answer may take longer.
 */

/** What the platform knows of a service. */
export interface Service {
  readonly name: string;
  /** Greater is more urgent. */
  readonly priority: number;
  /** Milliseconds from arrival after which nobody wants the answer. */
  readonly deadlineMs: number;
}

/** Known services; a trace of any other name is treated as conversation. */
const KNOWN: Readonly<Record<string, Omit<Service, 'name'>>> = {
  code: { priority: 1, deadlineMs: 20_000 },
  conversation: { priority: 0, deadlineMs: 60_000 },
};

/** The service of that name. */
export function serviceNamed(name: string): Service {
  const full = name === 'conv' ? 'conversation' : name;
  return { name: full, ...(KNOWN[full] ?? (KNOWN['conversation'] as Omit<Service, 'name'>)) };
}

// Who may import whom: the floors of the house, lowest first.

const primitives = [
  ...['policy', 'admission', 'queue', 'pool', 'shard', 'balance', 'cache', 'breaker', 'metrics'],
  ...['jobs', 'stream'],
];
const engines = ['scale', 'plan', 'guard'];
const instruments = ['sim', 'loadtest', 'chaos', 'dashboard', 'testing'];
const ports = ['redis', 'adapters'];

const ground = ['core', 'model'];
const beneathPorts = [...ground, ...primitives, ...engines, ...instruments];

/** Folders of src that a folder may import besides itself. The root is ''. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  model: ['core'],
  ...all(primitives, ground),
  ...all(engines, [...ground, 'metrics']),
  ...all(instruments, beneathPorts),
  ...all(ports, beneathPorts),
  '': beneathPorts,
};

/** Folders that never import from Node itself. */
export const WITHOUT_NODE: readonly string[] = ground;

/** The one door for nondeterminism. */
export const RUNTIME = 'src/core/system-runtime.ts';

function all(names: readonly string[], may: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name) => [name, may.filter((other) => other !== name)]));
}

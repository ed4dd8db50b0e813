// Grows a sharded store from 4 nodes on `hash % n` to 6 on slots, while it is written to. Every write
// goes to the one node that owns its key then, and nothing is lost or kept twice.
import assert from 'node:assert/strict';
import { modulo, type MovementPlan, shardMap, slots } from 'tenfold/shard';

const node = (n: number) => ({ id: `db-${n}` });
const map = shardMap({ nodes: [0, 1, 2, 3].map(node), strategy: modulo() });
const data = new Map([0, 1, 2, 3, 4, 5].map((n) => [`db-${n}`, new Map<string, number>()]));
const at = (id: string): Map<string, number> => data.get(id) as Map<string, number>;

let writes = 0;
let fenced = 0;
function write(key: string): void {
  const claim = map.claim(key);
  if (map.check(claim).ok) at(claim.node).set(key, ++writes);
  else fenced++; // just moving: a client tries again shortly
}
for (let user = 0; user < 2_000; user++) write(`user ${user}`);

async function migrate(plan: MovementPlan): Promise<void> {
  const keysOf = (from: string, id: number): string[] =>
    [...at(from).keys()].filter((key) => plan.moveOf(key)?.id === id);
  const copy = (from: string, to: string, id: number): void => {
    for (const key of keysOf(from, id)) at(to).set(key, at(from).get(key) as number);
  };
  await map.apply(plan, {
    hooks: {
      copy: ({ from, to, id }) => copy(from, to, id),
      fence: ({ from, to, id }) => {
        for (let user = 0; user < 50; user++) write(`user ${user}`); // traffic goes on
        copy(from, to, id); // what came since the copy; nobody writes these keys now
      },
      verify: ({ from, to, id }) => keysOf(from, id).every((key) => at(to).has(key)),
      release: ({ from, id }) => keysOf(from, id).forEach((key) => at(from).delete(key)),
    },
  });
}

const away = map.plan({ strategy: slots() });
console.log(`modulo to slots moves ${(away.movedRatio * 100).toFixed(0)} % once`);
await migrate(away);

const grow = map.plan({ add: [node(4), node(5)] }, { perNode: 2 });
console.log(
  `4 to 6 nodes moves ${(grow.movedRatio * 100).toFixed(1)} %, collateral ${grow.collateralRatio}`,
);
await migrate(grow);

const total = [...data.values()].reduce((sum, held) => sum + held.size, 0);
for (const [id, held] of data) for (const key of held.keys()) assert.equal(map.owner(key), id);
assert.equal(total, 2_000);
assert.equal(grow.collateralRatio, 0);
assert.ok(Math.abs(grow.movedRatio - 1 / 3) < 0.001);
console.log(
  `${total} keys, each with its one owner; ${writes} writes, ${fenced} asked to try again`,
);

// Keys that are numbers, which plain JavaScript lets through, all hashed alike: one node owned every user.
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/index.ts';
import {
  hashTag,
  hotspots,
  mergeTop,
  redisSlot,
  type ShardMapOptions,
  shardMap,
} from '../../src/shard/index.ts';

const nodes = [{ id: 'a' }, { id: 'b' }];

describe('a shard map', () => {
  it.each([5, undefined, null, {}, new Uint8Array(3)])('refuses the key %j', (key) => {
    for (const memo of [0, 10]) {
      const map = shardMap({ nodes, memo });
      const wrong = key as never;

      for (const ask of [
        () => map.owner(wrong),
        () => map.owners(wrong, 2),
        () => map.slot(wrong),
        () => map.group([wrong]),
        () => map.claim(wrong),
        () => map.check({ key: wrong, node: 'a', epoch: 0 }),
      ]) {
        expect(ask).toThrow(OptionError);
      }
    }
  });

  it.each([
    () => shardMap({ nodes: [null] } as never),
    () => shardMap({ nodes: ['a'] } as never),
    () => shardMap({ nodes, strategy: {} } as unknown as ShardMapOptions),
    () => shardMap({ nodes }).group(null as never),
    () => shardMap({ nodes }).group(5 as never),
    () => shardMap({ nodes }).adopt(null as never),
    () => shardMap({ nodes }).adopt('{"epoch":9}' as never),
    () => hotspots({} as never),
    () => hashTag(5 as never),
    () => redisSlot(null as never),
    () => mergeTop(null as never, 1, () => 0),
    () => mergeTop([5] as never, 1, () => 0),
    () => mergeTop([[1]], NaN, () => 0),
    () => mergeTop([[1]], 1, null as never),
  ])('names what is wrong with other input (%#)', (ask) => {
    expect(ask).toThrow(OptionError);
  });
});

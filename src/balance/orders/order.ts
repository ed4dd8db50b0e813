/** Orders in which weighted members take turns. */

/** An endless order of 0 … members − 1. */
export interface TurnOrder {
  next(): number;
}

/** Plain turns. */
export function rotation(members: number, first = 0): TurnOrder {
  let turn = first - 1;
  return {
    next: () => {
      turn = turn + 1 >= members ? 0 : turn + 1;
      return turn;
    },
  };
}

/**
 * Option checks: each option is validated once, at construction or in `update`, and a wrong one is
 * refused with its path, what it must be and what was received.
 */

import { OptionError } from './errors.ts';

/** Bounds of a numeric option. Infinity and NaN are refused unless `infinite` allows Infinity. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** Refuses `min` itself: the option must be greater. */
  readonly above?: number;
  readonly integer?: boolean;
  readonly infinite?: boolean;
}

/** The checks of one primitive; every method returns the value it was given. */
export interface OptionChecks {
  /** A number within `range`. */
  number(option: string, value: unknown, range?: NumberRange): number;
  /** A finite number above 0. */
  positive(option: string, value: unknown): number;
  /** A finite number of 0 or more. */
  nonNegative(option: string, value: unknown): number;
  /** A whole number of 1 or more. */
  count(option: string, value: unknown): number;
  /** A number from 0 to 1. */
  ratio(option: string, value: unknown): number;
  /** A duration in milliseconds, above 0; Infinity means never. */
  durationMs(option: string, value: unknown): number;
  /** One of the listed values. */
  oneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T;
  /** A function. */
  callable<F extends (...args: never[]) => unknown>(option: string, value: F): F;
  /** An object of values by name. */
  record<O extends object>(option: string, value: O): O;
  /** An object with these methods: a port that a user may implement. */
  methods<O extends object>(option: string, value: O, names: readonly (keyof O & string)[]): O;
  /** True or false, and nothing that only counts as such. */
  flag(option: string, value: unknown): boolean;
  /** A string that is not empty. */
  text(option: string, value: unknown): string;
  /** An object none of whose keys is unknown; catches misspelt options in plain JavaScript. */
  known<O extends object>(options: O, allowed: readonly (keyof O & string)[]): O;
  /** Refuses `value` for a reason that involves more than one option. */
  refuse(option: string, expected: string, value: unknown): never;
}

/**
 * Returns the checks of one primitive.
 *
 * @param subject name of the factory, which begins every message: `tokenBucket.capacity must be …`
 * @throws OptionError (`ERR_OPTION`) from every check that fails
 */
export function optionChecks(subject: string): OptionChecks {
  const fail = (option: string, expected: string, value: unknown): never => {
    throw new OptionError(option === '' ? subject : `${subject}.${option}`, expected, value);
  };
  const number = (option: string, value: unknown, range: NumberRange = {}): number => {
    if (typeof value !== 'number' || !within(value, range)) fail(option, describe(range), value);
    return value as number;
  };
  return {
    number,
    positive: (option, value) => number(option, value, { above: 0 }),
    nonNegative: (option, value) => number(option, value, { min: 0 }),
    count: (option, value) => number(option, value, { min: 1, integer: true }),
    ratio: (option, value) => number(option, value, { min: 0, max: 1 }),
    durationMs: (option, value) => number(option, value, { above: 0, infinite: true }),
    oneOf: (option, value, allowed) => {
      if (!(allowed as readonly unknown[]).includes(value)) {
        fail(option, `one of ${allowed.map((name) => `'${name}'`).join(', ')}`, value);
      }
      return value as never;
    },
    callable: (option, value) => {
      if (typeof value !== 'function') fail(option, 'a function', value);
      return value;
    },
    record: (option, value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        fail(option, 'an object of values by name', value);
      }
      return value;
    },
    methods: (option, value, names) => {
      const has = (name: (typeof names)[number]): boolean => typeof value?.[name] === 'function';
      if (!names.every(has)) fail(option, `an object with ${names.join(', ')}`, value);
      return value;
    },
    flag: (option, value) => {
      if (typeof value !== 'boolean') fail(option, 'true or false', value);
      return value as boolean;
    },
    text: (option, value) => {
      if (typeof value !== 'string' || value === '')
        fail(option, 'a string that is not empty', value);
      return value as string;
    },
    known: (options, allowed) => {
      if (typeof options !== 'object' || options === null || Array.isArray(options))
        fail('', 'an object of options', options);
      for (const key of Object.keys(options)) {
        if (!(allowed as readonly string[]).includes(key)) {
          fail(
            key,
            `absent: the options are ${allowed.join(', ')}`,
            options[key as keyof typeof options],
          );
        }
      }
      return options;
    },
    refuse: fail,
  };
}

function within(value: number, range: NumberRange): boolean {
  if (Number.isNaN(value)) return false;
  if (!Number.isFinite(value) && !(range.infinite === true && value === Infinity)) return false;
  if (range.integer === true && Number.isFinite(value) && !Number.isSafeInteger(value))
    return false;
  return (
    value >= (range.min ?? -Infinity) &&
    value <= (range.max ?? Infinity) &&
    (range.above === undefined || value > range.above)
  );
}

function describe(range: NumberRange): string {
  const noun = range.integer === true ? 'a whole number' : 'a number';
  const finite = range.infinite === true ? ' (Infinity allowed)' : '';
  if (range.above !== undefined) {
    const upper = range.max === undefined ? '' : ` and at most ${range.max}`;
    return `${noun} above ${range.above}${upper}${finite}`;
  }
  if (range.min !== undefined && range.max !== undefined) {
    return `${noun} from ${range.min} to ${range.max}${finite}`;
  }
  if (range.min !== undefined) return `${noun} of ${range.min} or more${finite}`;
  if (range.max !== undefined) return `${noun} of at most ${range.max}${finite}`;
  return `a finite number${finite}`;
}

/** The everyday primitives; everything else stands under its subpath, `tenfold/<name>`. */
export type { Call, Policy, Runtime, Work } from './core/index.ts';
export {
  ClosedError,
  isRejectedError,
  isTenfoldError,
  OptionError,
  RejectedError,
  StoreError,
  systemRuntime,
  TenfoldError,
  TimeoutError,
} from './core/index.ts';
export { compose, timeout } from './policy/index.ts';

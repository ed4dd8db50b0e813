/** Bridges to well-known packages: what users have keeps working, with our parts or as one of them. */
export type { OpossumPolicyOptions, OpossumPort, OpossumWork } from './opossum.ts';
export { opossumAction, opossumPolicy } from './opossum.ts';
export type {
  OpossumCircuit,
  OpossumCircuitOptions,
  OpossumEvent,
  OpossumEvents,
} from './opossum-circuit.ts';
export { opossumCircuit } from './opossum-circuit.ts';
export type { PQueueLine, PQueueOrderOptions, PQueuePort } from './p-queue.ts';
export { pQueueOrder, pQueuePolicy } from './p-queue.ts';

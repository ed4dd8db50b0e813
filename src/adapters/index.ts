/** Bridges to well-known packages: what users have keeps working, with our parts or as one of them. */
export type { PQueueLine, PQueueOrderOptions, PQueuePort } from './p-queue.ts';
export { pQueueOrder, pQueuePolicy } from './p-queue.ts';

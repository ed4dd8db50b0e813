/**
 * The port of the invalidation bus: tells the other processes' memories what is no longer true.
 *
 * A bus may lose messages, as pub/sub does; it must only say so. Each message carries its sender and a
 * number, so that a lost one is noticed with the next, and `lost` and `restored` tell of the
 * connection. The memory then believes nothing that is older than the gap.
 */

/** What is no longer true. */
export interface BusMessage {
  /** The sending cache, unique per instance. */
  readonly sender: string;
  /** Counts the sender's messages from 1. */
  readonly number: number;
  readonly keys?: readonly string[];
  readonly tags?: readonly string[];
}

/** Who hears a bus. */
export interface BusListener {
  message(message: BusMessage): void;
  /** The connection is gone: messages may be missed from now on. */
  lost(): void;
  /** The connection is back; what was sent meanwhile is not delivered. */
  restored(): void;
}

/** A channel that all processes with the same cache share. */
export interface Bus {
  readonly name: string;
  /** Sends to all listeners; the sender's own may be among them. */
  publish(message: BusMessage): Promise<void>;
  /** Hears messages until the handle is disposed of. */
  subscribe(listener: BusListener): Disposable;
}

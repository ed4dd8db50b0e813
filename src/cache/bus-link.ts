/**
 * A cache's end of the bus: numbers what it sends, notices what it missed.
 */

import type { Alarm, Runtime } from '../core/index.ts';
import { grownMs, optionChecks } from '../core/index.ts';
import type { Bus, BusListener, BusMessage } from './bus.ts';
import { EVERYTHING } from './outbox.ts';
import { within } from './within.ts';

/** What the link does to its cache. */
export interface BusHost {
  readonly runtime: Runtime;
  readonly name: string;
  /** Keys and tags that another process has invalidated. */
  invalidated(keys: readonly string[], tags: readonly string[]): void;
  gap(reason: 'lost' | 'restored' | 'missed'): void;
  failed(operation: string, error: unknown): void;
}

/** Senders known at once. An unknown one is taken for one whose messages were missed. */
const MOST_SENDERS = 1_000;
const MOST_UNSENT = 1_000;
/** Longest time a writer waits for the bus, ms; what took longer is sent again. */
const TIMEOUT_MS = 250;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 30_000;

export class BusLink implements BusListener, Alarm {
  alarmId = -1;
  readonly background = true;
  private readonly bus: Bus;
  private readonly host: BusHost;
  private readonly sender: string;
  private readonly subscription: Disposable;
  /** The last number heard of each sender. */
  private readonly heard = new Map<string, number>();
  private number = 0;
  private unsentKeys = new Set<string>();
  private unsentTags = new Set<string>();
  private retries = 0;

  constructor(bus: Bus, host: BusHost) {
    this.bus = bus;
    this.host = host;
    const random = host.runtime.random(`${host.name} bus sender`);
    // Two draws of 32 bits each: equal only by a chance of 2⁻⁶⁴.
    this.sender = [random(), random()]
      .map((part) => Math.floor(part * 2 ** 32).toString(36))
      .join('-');
    this.subscription = bus.subscribe(this);
    const disposable = typeof this.subscription?.[Symbol.dispose] === 'function';
    if (!disposable) {
      optionChecks('cache').refuse('bus', 'one whose subscribe answers a Disposable', bus);
    }
  }

  /** Tells the others. What cannot be sent is sent later. Never rejects. */
  async tell(keys: readonly string[], tags: readonly string[]): Promise<void> {
    for (const key of keys) this.unsentKeys.add(key);
    for (const tag of tags) this.unsentTags.add(tag);
    if (this.unsentKeys.size + this.unsentTags.size > MOST_UNSENT) {
      this.unsentKeys.clear();
      this.unsentTags = new Set([EVERYTHING]);
    }
    if (this.alarmId < 0) await this.send();
  }

  message(message: BusMessage): void {
    if (!isMessage(message)) {
      this.host.failed('message', new TypeError('not the message of a cache'));
      this.host.gap('missed');
      return;
    }
    const { sender, number, keys, tags } = message;
    if (sender === this.sender) return;
    const last = this.heard.get(sender) ?? 0;
    if (number > last) {
      this.heard.delete(sender);
      this.heard.set(sender, number);
    }
    if (this.heard.size > MOST_SENDERS) this.heard.delete([...this.heard.keys()][0] as string);
    if (number > last + 1) this.host.gap('missed');
    this.host.invalidated(keys ?? [], tags ?? []);
  }

  lost(): void {
    this.host.gap('lost');
  }

  restored(): void {
    this.host.gap('restored');
  }

  ring(): void {
    void this.send();
  }

  close(): void {
    this.host.runtime.disarm(this);
    this.subscription[Symbol.dispose]();
  }

  private async send(): Promise<void> {
    const keys = [...this.unsentKeys];
    const tags = [...this.unsentTags];
    if (keys.length + tags.length === 0) return;
    this.unsentKeys.clear();
    this.unsentTags.clear();
    const message: BusMessage = {
      sender: this.sender,
      number: ++this.number,
      ...(keys.length > 0 ? { keys } : {}),
      ...(tags.length > 0 ? { tags } : {}),
    };
    try {
      const { runtime } = this.host;
      await within(runtime, TIMEOUT_MS, this.bus.name, () => this.bus.publish(message));
      this.retries = 0;
    } catch (error) {
      this.host.failed('publish', error);
      for (const key of keys) this.unsentKeys.add(key);
      for (const tag of tags) this.unsentTags.add(tag);
      const bounds = { growth: 2, maxMs: LONGEST_RETRY_MS, step: this.retries++ };
      this.host.runtime.arm(this, grownMs(FIRST_RETRY_MS, bounds));
    }
  }
}

/** What cannot be read says something that is now missing. */
function isMessage(given: unknown): given is BusMessage {
  if (typeof given !== 'object' || given === null) return false;
  const { sender, number, keys, tags } = given as Partial<Record<keyof BusMessage, unknown>>;
  return (
    typeof sender === 'string' && Number.isSafeInteger(number) && isTexts(keys) && isTexts(tags)
  );
}

function isTexts(given: unknown): boolean {
  return (
    given === undefined || (Array.isArray(given) && given.every((one) => typeof one === 'string'))
  );
}

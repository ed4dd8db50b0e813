declare module 'hashring' {
  export default class HashRing {
    constructor(servers: readonly string[] | Readonly<Record<string, number>>);
    get(key: string): string;
  }
}

/** The user's input is wrong: shown without a stack, exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** Whether the usage should follow the message: the command line is at fault, not a file. */
  readonly showsUsage: boolean;

  constructor(message: string, options: { readonly showsUsage?: boolean } = {}) {
    super(message);
    this.showsUsage = options.showsUsage ?? false;
  }
}

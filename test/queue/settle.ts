/** What became of a promise or a task: its value, or the code or message of its error. */
export async function settled(answer: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Error)) return error;
    return (error as { code?: unknown }).code ?? error.message;
  }
}

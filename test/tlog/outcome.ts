/** `ok`, or the name of the error that was thrown: for tests that only one kind of error comes out. */
export function outcome(action: () => unknown): string {
  try {
    action();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.name : 'not an error';
  }
}

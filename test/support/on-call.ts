/** A function that does something the `nth` time it is called, and nothing the other times. */
export function onCall(nth: number, act: () => void): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === nth) {
      act();
    }
  };
}

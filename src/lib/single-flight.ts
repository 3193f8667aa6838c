/** Lets callers who want the same thing at the same time share one piece of work. Remembers nothing once it is done. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, { readonly work: Promise<T>; readonly signal: AbortSignal }>();

  /**
   * Runs `work`, or joins the run that is under way for `key`. A run belongs to the signal of who started it: when that
   * one aborts, a caller who joined and did not abort starts its own.
   */
  async run(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (;;) {
      const flight = this.#flights.get(key) ?? this.#start(key, signal, work);
      try {
        return await flight.work;
      } catch (error) {
        if (!flight.signal.aborted || signal.aborted) {
          throw error;
        }
      }
    }
  }

  #start(key: string, signal: AbortSignal, work: () => Promise<T>): { work: Promise<T>; signal: AbortSignal } {
    const flight = { work: work().finally(() => this.#flights.delete(key)), signal };
    this.#flights.set(key, flight);
    return flight;
  }
}

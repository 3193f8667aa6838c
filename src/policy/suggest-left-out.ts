import type { SeenSigner } from './seen-signer.ts';

/** Lines that are kept, so that whoever fills a log fills no memory. */
const MAX_LINES = 200;
const MAX_TEXT = 300;
const MAX_CLAIMS = 10;

/** Signers that no draft is made of, because somebody should look at them first. */
export interface LeftOut {
  /**
   * A verdict; `few`: hardly any signer has this; `pull-request`: a build of what strangers propose; `miswritten`, `unusual`: not as
   * it should be; `other-kind`: a person or a key beside jobs of a CI, or the like; `former`: a certificate of before most claims
   * had names; `too-many`: of more kinds than are told apart.
   */
  readonly reason:
    | 'unexpected'
    | 'forged'
    | 'unverifiable'
    | 'unparsable'
    | 'few'
    | 'pull-request'
    | 'miswritten'
    | 'unusual'
    | 'other-kind'
    | 'former'
    | 'too-many';
  /** The values for which they were left out; null: the claim is absent. Cut where they are long. */
  readonly what: readonly { readonly claim: string; readonly found: string | null }[];
  readonly count: number;
  /** Origin of the log of the newest of them. */
  readonly log: string;
  readonly index: number;
}

/** Counts signers that are left out, by why and by what. */
export class LeftOutSigners {
  readonly #lines = new Map<string, LeftOut>();
  #more = 0;

  /** The newest first. */
  add(reason: LeftOut['reason'], what: LeftOut['what'], latest: Pick<SeenSigner, 'log' | 'index'>): void {
    this.addMany(reason, what, latest, 1);
  }

  addMany(
    reason: LeftOut['reason'],
    what: LeftOut['what'],
    { log, index }: Pick<SeenSigner, 'log' | 'index'>,
    count: number,
  ): void {
    const cut = what
      .slice(0, MAX_CLAIMS)
      .map(({ claim, found }) => ({ claim: claim.slice(0, MAX_TEXT), found: found?.slice(0, MAX_TEXT) ?? null }));
    const key = JSON.stringify([reason, cut]);
    const known = this.#lines.get(key);
    if (known === undefined && this.#lines.size >= MAX_LINES) {
      this.#more += count;
      return;
    }
    const line = known ?? { reason, what: cut, log, index, count: 0 };
    this.#lines.set(key, { ...line, count: line.count + count });
  }

  /** Those that are most first. */
  listed(): { readonly leftOut: readonly LeftOut[]; readonly leftOutMore: number } {
    return { leftOut: [...this.#lines.values()].sort((a, b) => b.count - a.count), leftOutMore: this.#more };
  }
}

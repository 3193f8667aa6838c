import { followAll } from '../store/followed-artifacts.ts';
import { noteResigner } from '../store/resigners.ts';
import type { Store } from '../store/store.ts';
import { countsAsResigner, identityOf } from '../policy/resigning.ts';
import type { Sighting } from './detect.ts';

/**
 * Follows what an expected signer signed, where the watch asks for it and the signature verifies; of somebody else who signed what is
 * followed, notes who that is. Call inside a transaction.
 */
export function followArtifacts(store: Store, sighting: Sighting): void {
  const { watch, judgement, entry, signer, log, index, at } = sighting;
  const { resigned, verdict, signature } = judgement;
  if (resigned !== undefined) {
    if (countsAsResigner(resigned, judgement)) {
      noteResigner(store, { watch: watch.name, artifact: resigned.artifact, identity: identityOf(signer) });
    }
    return;
  }
  if (watch.artifacts?.follow === true && verdict === 'expected' && signature === 'verified') {
    followAll(store, entry.artifacts, { watch: watch.name, log, index, at });
  }
}

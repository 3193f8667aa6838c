import type { Leaf } from '../log/log.ts';
import type { StoredEntry } from '../store/doubtful.ts';

/** A stored entry as its log showed it, with the time that it signed. */
export function leafOf({ index, body, leafHash, extra, timeSigned, ...rest }: Omit<StoredEntry, 'id'>): Leaf {
  return {
    index,
    data: body,
    hash: leafHash,
    ...(extra !== null && { extra }),
    isTimeSigned: () => timeSigned,
    integratedTime: rest.integratedTime,
    globalIndex: rest.globalIndex,
    uuid: rest.uuid,
  };
}

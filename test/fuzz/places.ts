import { decodeLeaf } from '../../src/monitor/judge-batch.ts';
import { placeOf, type PutCertificate } from './certificate-in.ts';
import { SPECIMENS, type Specimen } from './specimens.ts';

/** A certificate in an entry. */
export interface Place {
  readonly specimen: Specimen;
  readonly certificate: Buffer;
  readonly put: PutCertificate;
}

/** Every certificate of every specimen, where it can be exchanged. */
export const PLACES: readonly Place[] = SPECIMENS.flatMap((specimen) => {
  const decoded = decodeLeaf(specimen.type, specimen);
  const certificates = decoded.ok ? decoded.entry.signers.flatMap(({ certificate }) => certificate?.der ?? []) : [];
  return certificates.flatMap((certificate) => {
    const put = placeOf(specimen, certificate);
    return put === null ? [] : [{ specimen, certificate, put }];
  });
});

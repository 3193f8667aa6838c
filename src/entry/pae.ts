/** The payload type of in-toto statements (in-toto attestation spec, v1, envelope). */
export const IN_TOTO_TYPE = 'application/vnd.in-toto+json';

/** DSSE 1.0, pre-authentication encoding: the bytes that an envelope's signatures are made over. Lengths are in bytes. */
export function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { decodeEntry } from '../../../src/entry/decode.ts';
import type { Signer } from '../../../src/entry/entry.ts';
import type { Outline, OutlinedSigner } from './entry-oracle.ts';

/** One thing of which several say what it is. */
export interface Compared {
  readonly file: string;
  readonly ours: unknown;
  readonly theirs: readonly unknown[];
}

/** Fails, naming each file, unless all say the same of each; else says so. */
export function expectAgreement(what: string, by: string, compared: readonly Compared[]): void {
  const differing = compared.filter(({ ours, theirs }) => !theirs.every((each) => isDeepStrictEqual(each, ours)));
  expect(differing).toEqual([]);
  console.info(`conformance: ${compared.length - differing.length} of ${compared.length} ${what} agree (${by})`);
}

/** What our own code reads; null for what it cannot read. */
export function outline(body: Buffer): Outline | null {
  const decoded = decodeEntry(body);
  if (!decoded.ok) {
    return null;
  }
  const { kind, apiVersion, signers, artifacts } = decoded.entry;
  return { kind, apiVersion, signers: signers.map(outlineSigner), artifacts };
}

/** Addresses are in an order that means nothing. */
function outlineSigner({ type, fingerprint, claims, signature }: Signer): OutlinedSigner {
  const { key_subject: addresses, ...others } = claims;
  return {
    ...{ type, fingerprint, signature: signature?.toString('hex') ?? null },
    claims: { ...others, ...(addresses !== undefined && { key_subject: [...addresses].sort() }) },
  };
}

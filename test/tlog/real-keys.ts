import { readFileSync } from 'node:fs';
import type { NoteKey } from '../../src/tlog/note.ts';
import { realdata } from '../support/realdata.ts';
import { keyOfSpki, keyOfVkey } from './known-keys.ts';

/** What these tests read of a trusted_root.json. */
interface TrustedRoot {
  readonly tlogs: readonly { readonly baseUrl: string; readonly publicKey: { readonly rawBytes: string } }[];
}

const CONFORMANCE = 'trust/sigstore__sigstore-conformance/test/assets/bundle-verify';

/** Public-good and staging instances, then the local ones that recorded entries come from. */
const TRUSTED_ROOTS = [
  'trust/sigstore__root-signing/targets/trusted_root.json',
  'trust/sigstore__root-signing-staging/targets/trusted_root.json',
  `${CONFORMANCE}/bundle-with-sct-with-extensions/trusted_root.json`,
  `${CONFORMANCE}/intoto-expired-certificate_fail/trusted_root.json`,
];

const VKEYS = [
  'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
  'arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f',
  'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx',
];

/** The keys of all logs whose recorded checkpoints can be verified. */
export function realKeys(): readonly NoteKey[] {
  const logs = TRUSTED_ROOTS.flatMap((path) => {
    // The recorded files are what their names say they are.
    const { tlogs } = JSON.parse(readFileSync(realdata(path), 'utf8')) as TrustedRoot;
    return tlogs.map((log) => keyOfSpki(new URL(log.baseUrl).host, log.publicKey.rawBytes));
  });
  return [...logs, ...VKEYS.map(keyOfVkey)];
}

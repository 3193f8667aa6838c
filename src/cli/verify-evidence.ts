import { loadWithoutSecrets } from '../config/load.ts';
import { parseCtKey, parsePublicKey } from '../config/pem.ts';
import { readSmallFile } from '../config/read-small-file.ts';
import type { Certificate } from '../entry/entry.ts';
import { parseEvidence, type EvidenceContent } from '../evidence/evidence-file.ts';
import { signerName, type NamedLog } from '../evidence/log-key.ts';
import { verifyEvidence, type Known, type Verification } from '../evidence/verify-evidence.ts';
import type { ChainVerdict } from '../policy/watch.ts';
import { parseVkey, toNoteKey } from '../tlog/vkey.ts';
import { createChainVerifier } from '../trust/chain.ts';
import { findConfig } from './find-config.ts';
import type { ExitStatus, Io } from './io.ts';
import { knownKeys } from './known-keys.ts';
import { offlineTrust } from './offline-trust.ts';
import { jsonLine, safe } from './print.ts';

export interface VerifyOptions {
  /** PEM files, files that hold a verifier key, or verifier keys; instead of what the configuration knows. */
  readonly key?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** An entry of Rekor v1 has some megabytes. */
const MAX_FILE = 64 * 1024 * 1024;
const MAX_KEY_FILE = 64 * 1024;

/**
 * `sigwatch evidence verify FILE`: checks evidence without network, by keys from elsewhere than the file, and says what it
 * proves and what it only reports. 0 only when a contradiction or an inclusion is proven; 1 when it is not; 2 for a file
 * or key that cannot be read. Throws ConfigError where no key is given and no configuration can be used.
 */
export function verifyEvidenceCommand(
  file: string,
  options: VerifyOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'env'>,
  now: Date,
): ExitStatus {
  let bytes: Buffer;
  try {
    bytes = readSmallFile(file, MAX_FILE, 'evidence');
  } catch (error) {
    return refuse(error, io);
  }
  const content = parse(bytes);
  if (typeof content === 'string') {
    return print({ isProven: false, proven: [], reported: [], problems: [content] }, options, io);
  }
  let known: Known;
  try {
    known = options.key === undefined ? configured(content, options, io, now) : given(content, options.key);
  } catch (error) {
    return refuse(error, io);
  }
  return print(verifyEvidence(content, known), options, io);
}

/** The content, or why it is refused. */
function parse(bytes: Buffer): EvidenceContent | string {
  try {
    return parseEvidence(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) {
      return error.message;
    }
    if (error instanceof TypeError) {
      return 'Cannot accept the evidence: it is not UTF-8';
    }
    throw error;
  }
}

function given({ log }: EvidenceContent, keys: readonly string[]): Known {
  return { keys: log === null ? [] : keys.map((key) => readKey(key, log)), chainOf: null };
}

/** Throws SyntaxError. */
function readKey(text: string, log: NamedLog): Buffer {
  if (looksLikeVkey(text)) {
    return vkeyOf(text, log);
  }
  const content = readSmallFile(text, MAX_KEY_FILE, 'public key').toString('utf8').trim();
  if (looksLikeVkey(content)) {
    return vkeyOf(content, log);
  }
  return log.type === 'ct' ? parseCtKey(content, text) : parsePublicKey(content, text);
}

function looksLikeVkey(text: string): boolean {
  return /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(text);
}

/** Such a key holds for one name alone. */
function vkeyOf(text: string, log: NamedLog): Buffer {
  const key = toNoteKey(parseVkey(text));
  if (key === null || key.name !== signerName(log)) {
    const found = key === null ? 'cosigns' : `signs as "${key.name}"`;
    throw new SyntaxError(
      `Cannot use verifier key "${text.slice(0, 100)}": it ${found}, expected "${signerName(log)}"`,
    );
  }
  return key.spki;
}

function configured(content: EvidenceContent, options: VerifyOptions, io: Pick<Io, 'env'>, now: Date): Known {
  const config = loadWithoutSecrets(findConfig(options.config, io.env), io.env);
  const trust = offlineTrust(config);
  const chainOf = createChainVerifier(trust.authorities, trust.goodUntil);
  return {
    keys: content.log === null ? [] : knownKeys(content.log, config.logs, trust),
    chainOf: (certificate: Certificate) => CHAIN[chainOf(certificate, now)],
  };
}

const CHAIN: Readonly<Record<ChainVerdict, string>> = {
  trusted: 'was issued by a trusted authority, by its own date',
  untrusted: 'was issued by no trusted authority: anybody can have made it',
  unknown: 'is later than the trust data: whether its authority can be trusted is not known',
};

function print(verification: Verification, options: VerifyOptions, io: Pick<Io, 'stdout'>): ExitStatus {
  const { isProven, proven, reported, problems } = verification;
  const verdict = isProven ? 'proven' : 'not proven';
  if (options.json === true) {
    io.stdout(`${jsonLine({ verdict, proven, reported, problems })}\n`);
  } else {
    const lines = [
      ...proven.map((sentence) => `PROVEN    ${sentence}`),
      ...reported.map((sentence) => `REPORTED  ${sentence}`),
      ...problems.map((sentence) => `PROBLEM   ${sentence}`),
      verdictLine(verification),
    ];
    io.stdout(lines.map((line) => `${safe(line)}\n`).join(''));
  }
  return isProven ? 0 : 1;
}

function verdictLine({ isProven }: Verification): string {
  return isProven
    ? 'proven; what is REPORTED is the word of whoever wrote the file (its digest only guards against accidents)'
    : 'not proven';
}

function refuse(error: unknown, io: Pick<Io, 'stderr'>): ExitStatus {
  if (error instanceof SyntaxError) {
    io.stderr(`${safe(error.message)}\n`);
    return 2;
  }
  throw error;
}

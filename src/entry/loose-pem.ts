import { decodeBase64, tryBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';
import type { PemBlock } from './pem.ts';

/** Rekor refuses longer chains. */
const MAX_BLOCKS = 10;
const BEGIN = /^-----BEGIN ([A-Z0-9 ]{1,64})-----[ \t]*$/;
const DASHES = '-----';
const HEAD = '-----BEGIN CERTIFICATE-----\n';
const FOOT = '\n-----END CERTIFICATE-----';
/** What Go's bytes.TrimSpace takes away of ASCII. */
const LEADING_SPACE = /^[\t\n\v\f\r ]+/;

/**
 * Splits a PEM text that was kept as its author wrote it: other lines may stand around its blocks. Rekor takes the first block
 * that Go's encoding/pem finds, which passes over a block that is written wrongly. So a text of which another reader could
 * take another block is refused whole: a line with dashes that neither begins nor ends a block, a header, a block without
 * end, bytes that are no base64. Throws EntryError; linear in the text.
 */
export function parseLoosePem(text: string): readonly PemBlock[] {
  const usual = readUsual(text);
  if (usual !== null) {
    return [usual];
  }
  const blocks: PemBlock[] = [];
  let label: string | null = null;
  let body: string[] = [];
  for (const line of linesOf(text)) {
    const begun: string | undefined = label === null ? BEGIN.exec(line)?.[1] : undefined;
    if (begun !== undefined) {
      label = begun;
      body = [];
    } else if (label === null) {
      requireNoDashes(line);
    } else if (line.startsWith(DASHES)) {
      blocks.push(endBlock(label, line, body));
      requireFew(blocks);
      label = null;
    } else {
      body.push(line);
    }
  }
  if (label !== null) {
    throw new EntryError('Cannot read PEM: a block has no end');
  }
  return blocks;
}

/** One certificate and nothing else, which needs no look at each line; null for any other text. */
function readUsual(text: string): PemBlock | null {
  const end = text.startsWith(HEAD) ? text.indexOf(FOOT, HEAD.length) : -1;
  if (end === -1 || text.slice(end + FOOT.length).replace('\n', '') !== '') {
    return null;
  }
  const der = tryBase64(text.slice(HEAD.length, end).replaceAll('\n', ''));
  return der === null ? null : { label: 'CERTIFICATE', der };
}

function linesOf(text: string): readonly string[] {
  const lines = text.replace(LEADING_SPACE, '').split('\n');
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

function requireNoDashes(line: string): void {
  if (line.includes(DASHES)) {
    throw new EntryError('Cannot read PEM: a line outside of its blocks looks like the edge of one');
  }
}

function endBlock(label: string, line: string, body: readonly string[]): PemBlock {
  const end = `-----END ${label}-----`;
  if (!line.startsWith(end) || /[^ \t]/.test(line.slice(end.length))) {
    throw new EntryError('Cannot read PEM: a block does not end as it began');
  }
  const text = body.join('');
  return { label, der: tryBase64(text) ?? decodeBase64(text.replace(/[ \t]/g, ''), 'PEM block') };
}

function requireFew(blocks: readonly PemBlock[]): void {
  if (blocks.length > MAX_BLOCKS) {
    throw new EntryError(`Cannot read PEM of more than ${MAX_BLOCKS} blocks`);
  }
}

import { decodeBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';
import type { PemBlock } from './pem.ts';

/** Rekor refuses longer chains. */
const MAX_BLOCKS = 10;
const BEGIN = /^-----BEGIN ([A-Z0-9 ]{1,64})-----[ \t]*$/;
const DASHES = '-----';
/** What Go's bytes.TrimSpace takes away of ASCII. */
const LEADING_SPACE = /^[\t\n\v\f\r ]+/;

/**
 * Splits a PEM text that was kept as its author wrote it: other lines may stand around its blocks. Rekor takes the first block
 * that Go's encoding/pem finds, which passes over a block that is written wrongly. So a text of which another reader could
 * take another block is refused whole: a line with dashes that neither begins nor ends a block, a header, a block without
 * end, bytes that are no base64. Throws EntryError; linear in the text.
 */
export function parseLoosePem(text: string): readonly PemBlock[] {
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
  return { label, der: decodeBase64(body.join('').replace(/[ \t]/g, ''), 'PEM block') };
}

function requireFew(blocks: readonly PemBlock[]): void {
  if (blocks.length > MAX_BLOCKS) {
    throw new EntryError(`Cannot read PEM of more than ${MAX_BLOCKS} blocks`);
  }
}

import { decodeBase64, tryBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';

/** One block of a PEM text. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** Rekor refuses longer chains. */
const MAX_BLOCKS = 10;
const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/** Splits a PEM text (RFC 7468) into its blocks, in order; nothing but white space may stand outside of them. Throws EntryError. */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let at = 0;
  while (at < text.length) {
    const begin = text.indexOf(BEGIN, at);
    if (text.slice(at, begin === -1 ? text.length : begin).trim() !== '') {
      throw new EntryError('Cannot read PEM: text outside of its blocks');
    }
    if (begin === -1) {
      break;
    }
    if (blocks.length === MAX_BLOCKS) {
      throw new EntryError(`Cannot read PEM of more than ${MAX_BLOCKS} blocks`);
    }
    const { block, end } = readBlock(text, begin);
    blocks.push(block);
    at = end;
  }
  return blocks;
}

function readBlock(text: string, begin: number): { readonly block: PemBlock; readonly end: number } {
  const labelEnd = text.indexOf(DASHES, begin + BEGIN.length);
  const label = text.slice(begin + BEGIN.length, labelEnd);
  const footer = `-----END ${label}-----`;
  const footerAt = text.indexOf(footer, labelEnd);
  if (labelEnd === -1 || footerAt === -1) {
    throw new EntryError('Cannot read PEM: a block has no end');
  }
  // White space may stand anywhere (RFC 7468 §3); text of the usual form has line feeds only.
  const body = text.slice(labelEnd + DASHES.length, footerAt).replaceAll('\n', '');
  const der = tryBase64(body) ?? decodeBase64(body.replace(/\s/g, ''), 'PEM block');
  return { block: { label, der }, end: footerAt + footer.length };
}

import { safe } from './print.ts';

/** Beginnings that spreadsheets take for a formula, full-width ones too (OWASP: CSV injection). */
const FORMULA = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/**
 * One line of CSV (RFC 4180), with its line end. Text that a spreadsheet would take for a formula is defused by a leading
 * apostrophe; unsafe characters are shown, since CSV is printed on terminals as well. Null is an empty cell.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: string | number | null): string {
  if (typeof cell !== 'string') {
    return cell === null ? '' : String(cell);
  }
  const text = `${FORMULA.test(cell) ? "'" : ''}${safe(cell)}`;
  return /[",]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

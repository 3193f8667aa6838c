import { NAME_CONSTRAINTS } from './name-constraints.ts';
import { SUBJECT_ALT_NAME } from './general-name.ts';
import { BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE } from './key-purpose.ts';

/**
 * What may be critical (RFC 5280 §4.2): what is checked here or read as a claim, and what changes nothing where no policy is
 * asked for and no revocation list read. Policy constraints are missing: they can ask for a policy.
 */
const KNOWN = new Set([
  KEY_USAGE,
  BASIC_CONSTRAINTS,
  EXTENDED_KEY_USAGE,
  SUBJECT_ALT_NAME,
  NAME_CONSTRAINTS,
  // Identifiers of the key and of the issuer's
  '2.5.29.14',
  '2.5.29.35',
  // Other names of the issuer; where revocation lists lie
  '2.5.29.18',
  '2.5.29.31',
  // Certificate policies, their mappings, and how far any policy reaches
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.54',
  // Where the issuer's certificate and its answers on revocation lie
  '1.3.6.1.5.5.7.1.1',
  // Promises of CT logs (RFC 6962 §3.3)
  '1.3.6.1.4.1.11129.2.4.2',
]);
/** Where Fulcio's claims are numbered, all of which are read. */
const FULCIO = '1.3.6.1.4.1.57264.1.';

/** Whether a certificate may be believed in which this extension is critical (RFC 5280 §4.2). */
export function isKnownExtension(id: string): boolean {
  return KNOWN.has(id) || id.startsWith(FULCIO);
}

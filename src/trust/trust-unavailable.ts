/** The trust source cannot be had, and nothing of it is kept: without it every signer would look forged. Ends a command with status 3. */
export class TrustUnavailable extends Error {
  override readonly name = 'TrustUnavailable';
}

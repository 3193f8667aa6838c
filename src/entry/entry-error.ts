/** Why an entry cannot be read. Its message is the `problem` of the decoded entry; it never leaves this folder. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
}

/** As much of sshpk, which comes without types, as tests ask of it. */
declare module 'sshpk' {
  interface Key {
    readonly comment?: string;
    fingerprint(algorithm: 'sha256'): { toString(): string };
  }
  const sshpk: { parseKey(text: string, format: 'ssh'): Key };
  export default sshpk;
}

/** The body of a PGP key packet: an Ed25519 key (RFC 9580 §5.5.5.9) of some version, whose 32 bytes are made from `seed`. */
export function pgpKeyBody(version: number, seed: number): Buffer {
  const material = Buffer.alloc(32, seed % 256);
  material.writeUInt32BE(seed);
  const length = Buffer.alloc(version > 4 ? 4 : 0);
  if (version > 4) {
    length.writeUInt32BE(material.length);
  }
  return Buffer.concat([Buffer.of(version, 0x60, 0, 0, 0, 27), length, material]);
}

/** A packet framed in the new way, its length in 5 bytes. */
export function pgpPacket(tag: number, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([Buffer.of(0xc0 | tag, 0xff), length, bytes]);
}

/** The packets in ASCII armour, with a line of headers and a checksum that nobody checks. */
export function pgpArmor(packets: Buffer): string {
  const lines = packets.toString('base64').match(/.{1,64}/g) ?? [];
  const block = 'PGP PUBLIC KEY BLOCK';
  return [`-----BEGIN ${block}-----`, 'Comment: acme', '', ...lines, '=AAAA', `-----END ${block}-----`, ''].join('\n');
}

import { Readable } from 'node:stream';

/** What a command prints, kept. */
export interface CapturedIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly columns: number;
  readonly terminal: boolean;
  readonly stdin: () => AsyncIterable<Buffer>;
  readonly out: () => string;
  readonly err: () => string;
}

/** A pipe of `columns` characters that nobody looks at, and nothing but `stdin` to read. */
export function captureIo(columns = 80, stdin: string | Buffer = ''): CapturedIo {
  const out: string[] = [];
  const err: string[] = [];
  return {
    stdout: (text) => {
      out.push(text);
    },
    stderr: (text) => {
      err.push(text);
    },
    columns,
    terminal: false,
    stdin: () => Readable.from([Buffer.from(stdin)]),
    out: () => out.join(''),
    err: () => err.join(''),
  };
}

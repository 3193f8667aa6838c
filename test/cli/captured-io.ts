/** What a command prints, kept. */
export interface CapturedIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly columns: number;
  readonly out: () => string;
  readonly err: () => string;
}

/** A terminal of `columns` characters that nobody looks at. */
export function captureIo(columns = 80): CapturedIo {
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
    out: () => out.join(''),
    err: () => err.join(''),
  };
}

/** One thing wrong in a configuration, with its place and what would be right. */
export interface ConfigProblem {
  /** Empty where a problem shows only once the trust source is read, which tells nothing of the file. */
  readonly file: string;
  /** 1-based; null when the problem is of the whole file (it cannot be read). */
  readonly line: number | null;
  readonly column: number | null;
  /** Key path: `watches[2].select[0].subject`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** The operator must act: nothing was started and nothing written. Ends a command with status 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}

/** `file:line:column: path: message`, as compilers print it. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.line === null ? problem.file : `${problem.file}:${problem.line}:${problem.column ?? 1}`;
  return [place, problem.path, problem.message].filter((part) => part !== '').join(': ');
}

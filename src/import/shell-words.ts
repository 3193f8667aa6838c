/** A word of a command line, without its quotes. */
export interface Word {
  readonly text: string;
  /** It holds something that only a shell can fill in: a variable, or what a command prints. */
  readonly isDynamic: boolean;
}

/** One simple command, and where it begins. */
export interface Command {
  readonly words: readonly Word[];
  /** 1-based. */
  readonly line: number;
}

/** How deep commands may stand in commands. */
const MAX_DEPTH = 5;

/**
 * The simple commands of a shell script (POSIX shell, §2.2 and §2.3) that begin on a line where `mentions` finds something. No shell
 * is run and nothing is filled in. What stands on other lines is looked at only where a command goes on there, so that prose around
 * them, with its apostrophes, does no harm.
 */
export function findCommands(script: string, mentions: (line: string) => boolean): readonly Command[] {
  const commands: Command[] = [];
  const text = `${script}\n`;
  const lines = linesOf(text, mentions);
  for (let number = 0; number < lines.length;) {
    const { start, end, isMentioned } = lines[number] ?? { start: 0, end: 0, isMentioned: false };
    if (!isMentioned) {
      number += 1;
      continue;
    }
    const lexer = new Lexer(text.slice(start, end), number + 1, mentions, 0);
    for (const command of lexer.readLine()) {
      commands.push(command);
    }
    number += lexer.linesRead;
  }
  return commands;
}

interface Line {
  readonly start: number;
  readonly isMentioned: boolean;
  /** Where the next line begins that begins a command: quotes that do not end before it never will. */
  readonly end: number;
}

/** The lines of a text that ends with a line feed. From the last to the first, so that each is looked at once. */
function linesOf(text: string, mentions: (line: string) => boolean): readonly Line[] {
  const lines: Line[] = [];
  let [stop, end, next] = [text.length, text.length, text.length];
  while (stop > 0) {
    const start = stop === 1 ? 0 : text.lastIndexOf('\n', stop - 2) + 1;
    const line = text.slice(start, stop - 1);
    // Of a line that goes on the next one is a part, whatever it mentions.
    end = isContinued(line) ? end : next;
    const isMentioned = mentions(line);
    lines.push({ start, isMentioned, end });
    next = isMentioned ? start : end;
    stop = start;
  }
  return lines.reverse();
}

function isContinued(line: string): boolean {
  return /\\\r?$/.test(line);
}

class Lexer {
  readonly #text: string;
  readonly #mentions: (line: string) => boolean;
  readonly #depth: number;
  readonly #commands: Command[] = [];
  readonly #firstLine: number;
  #at = 0;
  #line: number;
  #words: Word[] = [];
  #commandLine: number;
  #word: { text: string; isDynamic: boolean } | null = null;

  constructor(text: string, line: number, mentions: (line: string) => boolean, depth: number) {
    this.#text = text;
    this.#line = line;
    this.#firstLine = line;
    this.#commandLine = line;
    this.#mentions = mentions;
    this.#depth = depth;
  }

  get linesRead(): number {
    return Math.max(this.#line - this.#firstLine, 1);
  }

  /** Up to a line feed that belongs to nothing. */
  readLine(): readonly Command[] {
    while (this.#at < this.#text.length) {
      if (this.#step()) {
        break;
      }
    }
    this.#endCommand();
    return this.#commands;
  }

  /** True at the end of the line. */
  #step(): boolean {
    const character = this.#text[this.#at] ?? '';
    switch (character) {
      case '\n':
        this.#take();
        return this.#depth === 0 || this.#endCommand();
      case ' ':
      case '\t':
      case '\r':
        this.#take();
        this.#endWord();
        return false;
      case ';':
      case '&':
      case '|':
      case '(':
      case ')':
        this.#take();
        this.#endCommand();
        return false;
      case '<':
      case '>':
        this.#take();
        this.#endWord();
        this.#skipRedirection();
        return false;
      case '#':
        if (this.#word === null) {
          this.#skipComment();
        } else {
          this.#add(this.#take());
        }
        return false;
      case "'":
        this.#take();
        this.#add(this.#takeUntil("'"));
        return false;
      case '"':
        this.#readDoubleQuoted();
        return false;
      case '\\':
        this.#readEscape();
        return false;
      case '$':
      case '`':
        this.#readExpansion();
        return false;
      default:
        this.#add(this.#take());
        return false;
    }
  }

  #take(): string {
    const character = this.#text[this.#at] ?? '';
    this.#at += 1;
    this.#line += character === '\n' ? 1 : 0;
    return character;
  }

  /** What stands before the next `end`, which is taken too. */
  #takeUntil(end: string): string {
    const found = this.#text.indexOf(end, this.#at);
    const stop = found === -1 ? this.#text.length : found;
    const text = this.#text.slice(this.#at, stop);
    this.#line += text.split('\n').length - 1;
    this.#at = stop + end.length;
    return text;
  }

  #add(text: string, isDynamic = false): void {
    if (this.#word === null) {
      this.#word = { text: '', isDynamic: false };
      this.#commandLine = this.#words.length === 0 ? this.#line : this.#commandLine;
    }
    this.#word.text += text;
    this.#word.isDynamic ||= isDynamic;
  }

  #endWord(): void {
    if (this.#word !== null) {
      this.#words.push(this.#word);
      this.#word = null;
    }
  }

  #endCommand(): false {
    this.#endWord();
    if (this.#words.length > 0) {
      this.#commands.push({ words: this.#words, line: this.#commandLine });
      this.#words = [];
    }
    return false;
  }

  #skipRedirection(): void {
    while (/[<>&|]/.test(this.#text[this.#at] ?? '')) {
      this.#take();
    }
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end === -1 ? this.#text.length : end;
  }

  /** Outside of quotes: a line feed goes, anything else stands for itself. */
  #readEscape(): void {
    this.#take();
    const next = this.#text.startsWith('\r\n', this.#at) ? this.#take() + this.#take() : this.#take();
    if (!next.endsWith('\n')) {
      this.#add(next);
    }
  }

  #readDoubleQuoted(): void {
    this.#take();
    this.#add('');
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      if (character === '"') {
        this.#take();
        return;
      }
      if (character === '\\') {
        this.#take();
        const next = this.#take();
        this.#add(/[$`"\\]/.test(next) ? next : next === '\n' ? '' : `\\${next}`);
      } else if (character === '$' || character === '`') {
        this.#readExpansion();
      } else {
        this.#add(this.#take());
      }
    }
  }

  /** A variable, or what a command prints; a dollar before anything else stands for itself. */
  #readExpansion(): void {
    const start = this.#at;
    const line = this.#line;
    const opener = /^(?:`|\$\(|\$\{\{|\$\{|\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])|\$)/.exec(
      this.#text.slice(this.#at, this.#at + 200),
    )?.[0];
    if (opener === undefined || opener === '$') {
      this.#add(this.#take());
      return;
    }
    this.#at += opener.length;
    if (opener === '`') {
      this.#readInner(this.#takeUntil('`'), line);
    } else if (opener === '$(') {
      this.#readInner(this.#takeBalanced(), line);
    } else if (opener.startsWith('${')) {
      this.#takeUntil(opener === '${{' ? '}}' : '}');
    }
    this.#add(this.#text.slice(start, this.#at), true);
  }

  /** Up to the parenthesis that closes the one before. */
  #takeBalanced(): string {
    const start = this.#at;
    for (let depth = 1; depth > 0 && this.#at < this.#text.length;) {
      const character = this.#take();
      depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    }
    return this.#text.slice(start, this.#at - 1);
  }

  #readInner(text: string, line: number): void {
    if (this.#depth < MAX_DEPTH && this.#mentions(text)) {
      this.#commands.push(...new Lexer(`${text}\n`, line, this.#mentions, this.#depth + 1).readLine());
    }
  }
}

import { readYaml } from '../config/yaml-positions.ts';
import { formatPath } from '../config/key-path.ts';
import { Cursor } from './cursor.ts';

/**
 * The documents of a text, empty ones left out, and the items of Kubernetes lists for themselves. Throws SyntaxError, with the line,
 * for what is no YAML. `linesBefore`: lines of the file before the text.
 */
export function readDocuments(text: string, file: string, linesBefore = 0): readonly Cursor[] {
  return split(text).flatMap(({ content, line }) => {
    const source = readYaml(content);
    const [problem] = source.problems;
    if (problem !== undefined) {
      const where = problem.path.length === 0 ? '' : `${formatPath(problem.path)}: `;
      throw new SyntaxError(
        `Cannot import "${file}": line ${problem.place.line + line + linesBefore}: ${where}${problem.message}, expected YAML`,
      );
    }
    return listed(new Cursor({ file, source, linesBefore: line + linesBefore }));
  });
}

/** Parts between lines that begin with `---` (YAML 1.2 §9.1), and the lines before each. */
function split(text: string): readonly { readonly content: string; readonly line: number }[] {
  const parts: { content: string[]; line: number }[] = [{ content: [], line: 0 }];
  text.split('\n').forEach((line, number) => {
    if (/^---(?=\s|$)/.test(line)) {
      // What stands behind the marker belongs to the document already.
      parts.push({ content: [`   ${line.slice(3)}`], line: number });
    } else {
      parts.at(-1)?.content.push(/^\.\.\.\s*$/.test(line) ? '' : line);
    }
  });
  return parts
    .filter(({ content }) => content.some((line) => !/^(?:%.*|\s*(?:#.*)?)$/.test(line)))
    .map(({ content, line }) => ({ content: content.join('\n'), line }));
}

function listed(document: Cursor): readonly Cursor[] {
  const isList = /List$/.test(document.at('kind').text()) && document.at('apiVersion').isSet;
  return isList ? document.at('items').items() : [document];
}

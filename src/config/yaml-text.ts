import { Document, visit } from 'yaml';

/**
 * A value on one line of YAML that reads back as it is, for a place after `key: ` or `- `: strings in quotes where they need them,
 * lists and maps in brackets. Its strings must hold no line breaks.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Collection: (_, node) => {
      node.flow = true;
    },
  });
  // What would be folded or broken into lines stays on one.
  return document.toString({ lineWidth: 0, minContentWidth: 0, blockQuote: false }).trimEnd();
}

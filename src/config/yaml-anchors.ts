import { visit, type Alias, type Document, type Node } from 'yaml';

interface Anchored {
  readonly offset: number;
  readonly node: Node;
}

/** What the aliases of a document stand for: each for the last node before it that carries its anchor (YAML 1.2.2 §7.1). */
export class Anchors {
  /** By name, in the order of the text. */
  readonly #byName = new Map<string, Anchored[]>();

  constructor(document: Document.Parsed) {
    visit(document, {
      Node: (_key, node) => {
        const anchor = 'anchor' in node ? node.anchor : undefined;
        if (anchor !== undefined) {
          const known = this.#byName.get(anchor) ?? [];
          known.push({ offset: offsetOf(node), node });
          this.#byName.set(anchor, known);
        }
      },
    });
  }

  /** Null when nothing before the alias carries its anchor. */
  find(alias: Alias): Node | null {
    const known = this.#byName.get(alias.source) ?? [];
    let [low, high] = [0, known.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((known[middle]?.offset ?? Infinity) < offsetOf(alias)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return known[low - 1]?.node ?? null;
  }
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

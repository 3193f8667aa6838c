import { copyTree, encodeTree, nodesIn, parentsIn, parseTree, type Node } from './der-tree.ts';
import { mutateBytes } from './mutate-bytes.ts';
import type { Tape } from './tape.ts';

/** Types that a careless reader takes for each other: all strings, numbers, lists, times, and the tags of X.509 and of names. */
const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1e,
].concat([0x24, 0x2c, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa3, 0xa4]);

type Change = (root: Node, tape: Tape, donor: Node | null) => void;

/** What keeps the lengths right, so that only the meaning is wrong. */
const CHANGES: readonly Change[] = [
  // Twice, in another place, away.
  (root, tape) => {
    atChild(root, tape, (siblings, at) => siblings.splice(tape.below(siblings.length + 1), 0, ...copies(siblings[at])));
  },
  (root, tape) => {
    atChild(root, tape, (siblings, at) => {
      const other = tape.below(siblings.length);
      const [one, two] = [siblings[at], siblings[other]];
      if (one !== undefined && two !== undefined) {
        [siblings[at], siblings[other]] = [two, one];
      }
    });
  },
  (root, tape) => {
    atChild(root, tape, (siblings, at) => siblings.splice(at, 1));
  },
  // Of another type; otherwise written.
  (root, tape) => {
    atNode(root, tape, (node) => (node.tag = tape.pick(TAGS) ?? 0));
  },
  (root, tape) => {
    atNode(root, tape, (node) => (node.length = tape.below(2) === 0 ? 'overlong' : 'open'));
  },
  (root, tape) => {
    atNode(root, tape, (node) => {
      node.content = tape.below(4) === 0 ? Buffer.alloc(0) : mutateBytes(contentOf(node), tape);
      node.children = null;
    });
  },
  (root, tape) => {
    atNode(root, tape, (node) => {
      const inner = { ...node };
      Object.assign(node, {
        ...{ tag: tape.pick([0x30, 0x04, 0xa0, 0x31]), head: Buffer.alloc(0), length: 'shortest' },
        children: [inner, ...(tape.below(2) === 0 ? [] : copies(inner))],
      });
    });
  },
  // What stands elsewhere, in this or in another.
  (root, tape, donor) => {
    const from = tape.below(3) === 0 ? root : (donor ?? root);
    const other = tape.pick(nodesIn(from));
    atNode(root, tape, (node) => Object.assign(node, other === undefined ? {} : copyTree(other)));
  },
  (root, tape, donor) => {
    const other = tape.pick(nodesIn(donor ?? root));
    const copy = other === undefined ? [] : [copyTree(other)];
    atChild(root, tape, (siblings) => siblings.splice(tape.below(siblings.length + 1), 0, ...copy));
  },
  // The same place in the other: its key, its names, its extensions, its signature.
  (root, tape, donor) => {
    const path = [tape.below(3), tape.below(9), tape.below(3), tape.below(24)].slice(0, 1 + tape.below(4));
    const other = donor === null ? null : nodeAt(donor, path);
    const node = nodeAt(root, path);
    if (other !== null && node !== null) {
      Object.assign(node, copyTree(other));
    }
  },
];

/** DER of one element, changed so that all lengths still fit; bytes that are none changed anyhow. `donor`: DER to take pieces of. */
export function mutateDer(der: Buffer, tape: Tape, donor: Buffer | null): Buffer {
  const root = parseTree(der);
  if (root === null || tape.below(5) === 0) {
    return mutateBytes(der, tape);
  }
  tape.pick(CHANGES)?.(root, tape, donor === null ? null : parseTree(donor));
  return encodeTree(root);
}

function contentOf(node: Node): Buffer {
  return node.children === null ? node.content : Buffer.concat(node.children.map(encodeTree));
}

function atNode(root: Node, tape: Tape, change: (node: Node) => void): void {
  const node = tape.pick(nodesIn(root));
  if (node !== undefined) {
    change(node);
  }
}

/** Of elements that have others in them: so that extensions are as likely as the parts of a key. */
function atChild(root: Node, tape: Tape, change: (siblings: Node[], at: number) => void): void {
  const parent = tape.pick(parentsIn(root).filter(({ children }) => children.length > 0));
  if (parent !== undefined) {
    change(parent.children, tape.below(parent.children.length));
  }
}

function copies(node: Node | undefined): readonly Node[] {
  return node === undefined ? [] : [copyTree(node)];
}

function nodeAt(root: Node, path: readonly number[]): Node | null {
  return path.reduce<Node | null>((node, place) => node?.children?.[place] ?? null, root);
}

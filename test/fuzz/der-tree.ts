import { findElement, type Element } from '../../src/entry/der.ts';

/** An element of DER that can be changed. */
export interface Node {
  tag: number;
  /** What stands before the children: a BIT STRING's number of unused bits. */
  head: Buffer;
  /** Null for an element whose content is no further DER. */
  children: Node[] | null;
  content: Buffer;
  /** How its length is written: as DER asks, in one octet more than that, or with no end. */
  length: 'shortest' | 'overlong' | 'open';
  /** Instead of all the rest. */
  bytes?: Buffer;
}

const CONSTRUCTED = 0x20;
/** These hold whatever they like, often DER: an extension, a key, a signature. */
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const MAX_DEPTH = 12;

/** The tree of what is exactly one element; null for anything else. */
export function parseTree(der: Buffer): Node | null {
  const element = findElement(der, 0, der.length);
  return element?.end === der.length ? nodeOf(der, element, 0) : null;
}

function nodeOf(der: Buffer, { tag, start, end }: Element, depth: number): Node {
  const skipped = tag === BIT_STRING && end > start ? 1 : 0;
  const mayHold = (tag & CONSTRUCTED) !== 0 || tag === OCTET_STRING || tag === BIT_STRING;
  return {
    tag,
    head: der.subarray(start, start + skipped),
    children: mayHold && depth < MAX_DEPTH ? childrenIn(der, start + skipped, end, depth) : null,
    content: der.subarray(start + skipped, end),
    length: 'shortest',
  };
}

function childrenIn(der: Buffer, start: number, end: number, depth: number): Node[] | null {
  const nodes: Node[] = [];
  for (let at = start; at < end;) {
    const element = findElement(der, at, end);
    if (element === null) {
      return null;
    }
    nodes.push(nodeOf(der, element, depth + 1));
    at = element.end;
  }
  return nodes;
}

/** The bytes of a tree, with lengths that fit. */
export function encodeTree({ tag, head, children, content, length, bytes }: Node): Buffer {
  if (bytes !== undefined) {
    return bytes;
  }
  const body = Buffer.concat([head, ...(children === null ? [content] : children.map(encodeTree))]);
  if (length === 'open') {
    return Buffer.concat([Buffer.of(tag, 0x80), body, Buffer.of(0, 0)]);
  }
  return Buffer.concat([Buffer.of(tag), lengthOf(body.length, length === 'overlong'), body]);
}

function lengthOf(length: number, isOverlong: boolean): Buffer {
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  if (isOverlong) {
    return Buffer.of(0x81 + octets.length, 0, ...octets);
  }
  return length < 0x80 ? Buffer.of(length) : Buffer.of(0x80 + octets.length, ...octets);
}

/** A tree that shares nothing with the one given but bytes that stay as they are. */
export function copyTree(node: Node): Node {
  return { ...node, children: node.children?.map(copyTree) ?? null };
}

/** All elements that have others in them, the outermost first. */
export function parentsIn(node: Node): readonly (Node & { children: Node[] })[] {
  const { children } = node;
  if (children === null) {
    return [];
  }
  // Kept as the same object, since it is to be changed.
  return [node as Node & { children: Node[] }, ...children.flatMap(parentsIn)];
}

/** All elements, the outermost first. */
export function nodesIn(node: Node): readonly Node[] {
  return [node, ...(node.children?.flatMap(nodesIn) ?? [])];
}

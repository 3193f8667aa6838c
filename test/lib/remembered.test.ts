import { describe, expect, it } from 'vitest';
import { remembered } from '../../src/lib/remembered.ts';

function counted(limits: { readonly most: number; readonly longest: number }) {
  const asked: string[] = [];
  const upper = remembered((text) => {
    asked.push(text);
    return text.toUpperCase();
  }, limits);
  return { asked, upper };
}

describe('remembered()', () => {
  it('computes once, the empty answer too', () => {
    const { asked, upper } = counted({ most: 9, longest: 9 });
    expect(['a', '', 'a', '', 'b'].map(upper)).toEqual(['A', '', 'A', '', 'B']);
    expect(asked).toEqual(['a', '', 'b']);
  });

  it('remembers no more than it may, and gives the same all the time', () => {
    const { asked, upper } = counted({ most: 2, longest: 9 });
    expect(['a', 'b', 'c', 'c', 'a'].map(upper)).toEqual(['A', 'B', 'C', 'C', 'A']);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('remembers nothing that is too long', () => {
    const { asked, upper } = counted({ most: 9, longest: 3 });
    expect(['abc', 'abc', 'abcd', 'abcd'].map(upper)).toEqual(['ABC', 'ABC', 'ABCD', 'ABCD']);
    expect(asked).toEqual(['abc', 'abcd', 'abcd']);
  });
});

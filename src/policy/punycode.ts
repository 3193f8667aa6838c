const [BASE, T_MIN, T_MAX, SKEW, DAMP] = [36, 1, 26, 38, 700];
const [FIRST_N, FIRST_BIAS] = [128, 72];

/** Longest label of a host name (RFC 1035 §2.3.4). */
const MAX_LABEL = 63;

/** What a label stands for, given without its `xn--` (RFC 3492 §6.2); null for one that is not well-formed. */
export function decodePunycode(label: string): string | null {
  if (label.length > MAX_LABEL) {
    return null;
  }
  const end = label.lastIndexOf('-');
  const output = end === -1 ? [] : Array.from(label.slice(0, end), (letter) => letter.codePointAt(0) ?? 0);
  let [n, i, bias] = [FIRST_N, 0, FIRST_BIAS];
  for (let at = end + 1; at < label.length;) {
    const before = i;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(label.charCodeAt(at));
      at += 1;
      if (digit === null) {
        return null;
      }
      i += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) {
        break;
      }
      weight *= BASE - threshold;
    }
    const length = output.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) {
      return null;
    }
    output.splice(i, 0, n);
    i += 1;
  }
  return String.fromCodePoint(...output);
}

function adapt(delta: number, length: number, isFirst: boolean): number {
  let left = Math.floor(delta / (isFirst ? DAMP : 2));
  left += Math.floor(left / length);
  let k = 0;
  for (; left > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) {
    left = Math.floor(left / (BASE - T_MIN));
  }
  return k + Math.floor(((BASE - T_MIN + 1) * left) / (left + SKEW));
}

/** Letters are 0 to 25 in either case, digits 26 to 35; NaN, past the end, is none. */
function digitOf(unit: number): number | null {
  const letter = (unit | 0x20) - 0x61;
  if (letter >= 0 && letter < 26) {
    return letter;
  }
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 + 26 : null;
}

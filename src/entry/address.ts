/** Longest address that mail can be sent to, in characters (RFC 5321 §4.5.3.1.3, less its brackets). */
const MAX_LENGTH = 254;
const ADDRESS = /^[^\s<>]+@[^\s<>@]+$/;
const BRACKETED = /<([^<>]*)>/g;

/**
 * The e-mail addresses in a name that a key gives itself: those in angle brackets (`Acme <a@example.com>`), and the whole where that
 * is an address. Which of several a reader takes for the name is not known, so all are given; none where there is none. Takes time
 * linear in the name.
 */
export function* addressesIn(name: string): Generator<string, void, undefined> {
  const whole = name.trim();
  if (isAddress(whole)) {
    yield whole;
  }
  for (const [, inside = ''] of name.matchAll(BRACKETED)) {
    if (isAddress(inside)) {
      yield inside;
    }
  }
}

function isAddress(text: string): boolean {
  return text.length <= MAX_LENGTH && ADDRESS.test(text);
}

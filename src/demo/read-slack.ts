/** The parts of a webhook's payload that a person sees. */
interface Payload {
  readonly text?: string;
  readonly blocks?: readonly {
    readonly type: string;
    readonly text?: Text;
    readonly fields?: readonly Text[];
    readonly elements?: readonly Text[];
  }[];
}

interface Text {
  readonly type: string;
  readonly text: string;
}

/** A Slack message as a person reads it, from the body of a post to an incoming webhook. Throws SyntaxError when it is not JSON. */
export function readSlack(body: string): string {
  // Only shown, never acted upon: a part of another shape is left out.
  const payload = JSON.parse(body) as Payload;
  const blocks = (payload.blocks ?? []).map(({ text, fields = [], elements = [] }) =>
    [
      ...(text === undefined ? [] : [readText(text)]),
      ...fields.map((field) => readText(field).replace('\n', ': ')),
      ...elements.map(readText),
    ].join('\n'),
  );
  return blocks.length === 0 ? unescape(payload.text ?? '') : blocks.filter((block) => block !== '').join('\n\n');
}

function readText({ type, text }: Text): string {
  return type === 'mrkdwn' ? unescape(text.replace(/<([^|>]+)\|([^>]+)>/g, '$2: $1')) : text;
}

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

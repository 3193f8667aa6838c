import {
  IncomingWebhook,
  type IncomingWebhookSendArguments,
  type IncomingWebhookDefaultArguments,
} from '@slack/webhook';
import { fetch, type Dispatcher, type Response } from 'undici';
import type { SlackConfig } from './channel.ts';
import { shown } from './escape.ts';
import { renderSlack } from './render-slack.ts';
import { DeliveryError, redact, type Sink } from './sink.ts';

type Fetch = NonNullable<IncomingWebhookDefaultArguments['fetch']>;
type FetchAnswer = Awaited<ReturnType<Fetch>>;

const TIMEOUT_MS = 15_000;

/** Slack answers in a word or two. */
const MAX_ANSWER_BYTES = 2048;

/** Posts to a Slack incoming webhook. Retries are the outbox's business, so the library's own are off. `dispatcher`: by which it is reached, where it is not reached directly. */
export function createSlackSink(name: string, config: SlackConfig, dispatcher?: Dispatcher): Sink {
  return {
    name,
    render: (alerts, total) => JSON.stringify(renderSlack(alerts, total)),
    send: (_id, content, signal) => post(config.webhookUrl, content, dispatcher, signal),
  };
}

async function post(
  url: string,
  content: string,
  dispatcher: Dispatcher | undefined,
  signal: AbortSignal,
): Promise<void> {
  // The library gives neither the status of a failure in its type nor any header: the wrapped fetch keeps both.
  let answer: { readonly status: number; readonly retryAfter: string | undefined; readonly text: string } | undefined;
  const fetchOnce: Fetch = async (target, init) => {
    const response = await fetch(target, {
      method: init?.method ?? 'POST',
      headers: init?.headers ?? {},
      // The library's body may be a form in its type; a webhook's is JSON text.
      body: typeof init?.body === 'string' ? init.body : content,
      redirect: 'error',
      ...(dispatcher && { dispatcher }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await readBeginning(response);
    answer = { status: response.status, retryAfter: response.headers.get('retry-after') ?? undefined, text };
    return asAnswer(response, text);
  };
  const webhook = new IncomingWebhook(url, { fetch: fetchOnce, retryConfig: { retries: 0 } });
  try {
    // What render() made, which JSON.stringify writes again byte for byte.
    await webhook.send(JSON.parse(content) as IncomingWebhookSendArguments);
  } catch (error) {
    throw toDeliveryError(error, answer, url);
  }
}

function toDeliveryError(
  error: unknown,
  answer: { readonly status: number; readonly retryAfter: string | undefined; readonly text: string } | undefined,
  url: string,
): DeliveryError {
  if (answer === undefined) {
    return new DeliveryError(`Cannot post to Slack: ${shown(redact(reason(error), secretsOf(url)), 300)}`);
  }
  const { status, retryAfter, text } = answer;
  const said = shown(redact(text.trim(), secretsOf(url)), 200);
  return new DeliveryError(`Cannot post to Slack: status ${status}${said === '' ? '' : `, "${said}"`}; expected 200`, {
    retryAfter,
    // Slack refuses what it does not understand with 400, 403, 404 or 410; 408 and 429 are about the moment.
    refused: status >= 400 && status < 500 && status !== 408 && status !== 429,
  });
}

/** The innermost cause: the library and fetch wrap it as "fetch failed". */
function reason(error: unknown): string {
  let innermost = error;
  for (let depth = 0; depth < 5 && innermost instanceof Error; depth += 1) {
    const next: unknown = 'original' in innermost ? innermost.original : innermost.cause;
    if (!(next instanceof Error)) {
      break;
    }
    innermost = next;
  }
  const text = innermost instanceof Error ? innermost.message : String(innermost);
  const code = innermost instanceof Error && 'code' in innermost ? String(innermost.code) : '';
  return text === '' ? code : text;
}

/** The address is a credential: its path alone lets anybody post. */
function secretsOf(url: string): readonly string[] {
  const { pathname, search } = new URL(url);
  return [url, `${pathname}${search}`, pathname].filter((part) => part.length > 1);
}

async function readBeginning(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_ANSWER_BYTES) {
      break;
    }
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

function asAnswer(response: Response, text: string): FetchAnswer {
  const { ok, status, statusText, url, headers } = response;
  const bytes = Buffer.from(text);
  return {
    ok,
    status,
    statusText,
    url,
    headers,
    text: () => Promise.resolve(text),
    json: () => Promise.resolve(JSON.parse(text) as unknown),
    arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer),
  };
}

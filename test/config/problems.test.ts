import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMPTY_ROOT } from '../../src/tlog/hash.ts';
import { createConfigFolder, problemsOf, type ConfigFolder } from './config-folder.ts';

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
  folder.write('empty', '\n');
  folder.write('large', 'x'.repeat(64 * 1024 + 1));
  folder.write('not-pem', 'hello');
  folder.write('other.json', '{"signed":{"_type":"targets"},"signatures":[]}');
  folder.write('broken.pub', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
  folder.write('other.note', `h\n0\n${EMPTY_ROOT.toString('base64')}\n\n— h ${Buffer.alloc(68).toString('base64')}\n`);
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  folder.write('rsa1024.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  folder.write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
});

afterAll(() => {
  folder.remove();
});

const LOG = 'name: l, type: rekor-v2, url: "https://h", origin: h, public_key: p256.pub';
const MAIL = 'type: email, from: a@b.c, to: a@b.c';
const CLAIMS =
  'issuer, subject, builder, builder_digest, runner, source_repository, source_digest, source_ref, source_repository_id, ' +
  'source_owner, source_owner_id, workflow, workflow_digest, trigger, run, visibility, environment, token_subject, key, key_subject, artifact, ' +
  'kind, slsa_builder, build_type, source_uri, source_sha, subject_name, predicate_type';
const START =
  'expected head, genesis, an index, or (for rekor-v1 and ct) a date such as 2026-01-31 or 2026-01-31T12:00:00Z';
const PATTERN = 'expected a string, { regexp: "…" }, { not: … }, or a list of them';
const DURATION = 'expected a duration such as 500ms, 10s, 5m, 24h or 7d';
const URL_FORM = 'expected http://HOST/PATH or https://HOST/PATH';

function watch(text: string): string {
  return `watches:\n  - { name: w, ${text} }`;
}

function log(text: string): string {
  return `logs:\n  custom:\n    - { ${text} }`;
}

function channel(text: string): string {
  return `notify:\n  channels:\n    c: { ${text} }`;
}

function smtp(text: string): string {
  return channel(`${MAIL}, smtp: { ${text} }`);
}

function route(text: string): string {
  return `notify:\n  channels: { c: { type: slack, webhook_url: https://h/x } }\n  routes: [{ ${text} }]`;
}

// Each text follows a first line `version: 1`.
describe('loadConfig() names the place and what would be right', () => {
  it.each<[yaml: string, ...problems: string[]]>([
    [
      'databse: x',
      'f:2:1: databse: unknown key "databse"; did you mean "database"?; expected one of: version, database, trust, logs, include, templates, watches, notify, retention, network',
    ],
    ['database: 5', 'f:2:11: database: expected a string, found 5: write it in quotes'],
    ['database: ""', 'f:2:11: database: expected a path'],
    ['database:', 'f:2:10: database: expected a string, found nothing'],
    ['logs: []', 'f:2:7: logs: expected a map, found a list'],
    ['watches: { a: b }', 'f:2:10: watches: expected a list, found a map'],
    ['http: { listen: x }', 'f:2:1: http: "http" is not available in this version'],
    // Trust.
    [
      'trust: { source: nothing }',
      'f:2:18: trust.source: expected public-good, staging, none, { tuf: URL, root: FILE } or { trusted_root: FILE }',
    ],
    ['trust: { source: { tuf: https://h } }', 'f:2:18: trust.source: missing key "root": expected a string'],
    [
      'trust: { source: { tuf: "ftp://h", root: not-pem } }',
      `f:2:25: trust.source.tuf: Cannot use "ftp://h" as a URL: ${URL_FORM}`,
      'f:2:42: trust.source.root: Cannot use "DIR/not-pem" as a TUF root: it is not JSON',
    ],
    [
      'trust: { source: { tuf: "https://h", root: other.json } }',
      'f:2:44: trust.source.root: Cannot use "DIR/other.json" as a TUF root: expected root.json as a TUF repository publishes it',
    ],
    [
      'trust: { source: { trusted_root: nope.json } }',
      'f:2:34: trust.source.trusted_root: Cannot read trusted root "DIR/nope.json": no such file; expected a path relative to the configuration file, or an absolute one',
    ],
    [
      'trust: { certificate_authorities: [{ name: a }] }',
      'f:2:36: trust.certificate_authorities[0]: missing key "chain": expected a string',
    ],
    [
      'trust: { certificate_authorities: [{ name: a, chain: ca.pem }, { name: a, chain: ca.pem }] }',
      'f:2:72: trust.certificate_authorities[1].name: duplicate name "a": trust.certificate_authorities[0] has it already',
    ],
    [
      'trust: { certificate_authorities: [{ name: a, chain: p256.pub }] }',
      'f:2:54: trust.certificate_authorities[0].chain: Cannot take "DIR/p256.pub" as a CA chain: it holds PUBLIC KEY, expected CERTIFICATE blocks only',
    ],
    [
      'trust: { certificate_authorities: [{ name: a, chain: broken.pem }] }',
      'f:2:54: trust.certificate_authorities[0].chain: Cannot take "DIR/broken.pem" as a CA chain: certificate 1 is broken',
    ],
    [
      'trust: { certificate_authorities: [{ name: a, chain: not-pem }] }',
      'f:2:54: trust.certificate_authorities[0].chain: Cannot take "DIR/not-pem" as a CA chain: it holds no PEM block, expected CERTIFICATE blocks only',
    ],
    // Logs.
    ['logs: { poll_interval: 10 }', `f:2:24: logs.poll_interval: ${DURATION}`],
    [
      'logs: { poll_interval: 1.5s }',
      `f:2:24: logs.poll_interval: Cannot parse duration "1.5s": ${DURATION}, at most 3650d`,
    ],
    ['logs: { poll_interval: 0s }', `f:2:24: logs.poll_interval: ${DURATION}, from 10ms to 24h`],
    ['logs: { discover: yes }', 'f:2:19: logs.discover: expected true or false, found "yes"'],
    ['logs: { start: tomorrow }', `f:2:16: logs.start: Cannot use "tomorrow" as a start: ${START}`],
    ['logs: { start: -1 }', `f:2:16: logs.start: ${START}`],
    ['logs: { start: 1.5 }', `f:2:16: logs.start: ${START}`],
    ['logs: { start: 2026-02-30 }', `f:2:16: logs.start: Cannot use "2026-02-30" as a start: ${START}`],
    [
      'logs: { start: "2026-01-31T12:00:00" }',
      `f:2:16: logs.start: Cannot use "2026-01-31T12:00:00" as a start: ${START}`,
    ],
    [
      `logs: { start: 2026-01-31, custom: [{ ${LOG} }] }`,
      'f:2:37: logs.custom[0]: missing key "start": logs.start is a date, and entries of rekor-v2 carry no time; expected head, genesis or an index',
    ],
    [
      log(`${LOG}, start: 2026-01-31`),
      'f:4:92: logs.custom[0].start: a date needs entries with a time, and those of rekor-v2 have none; expected head, genesis or an index',
    ],
    [log('name: l'), 'f:4:7: logs.custom[0]: missing key "type": expected one of: rekor-v1, rekor-v2, ct'],
    [
      log('name: l, type: rekor'),
      'f:4:24: logs.custom[0].type: expected one of: rekor-v1, rekor-v2, ct, found "rekor"',
    ],
    [
      log(LOG.replace('https://h', 'https://u:p@h/')),
      'f:4:39: logs.custom[0].url: Cannot use "https://u:p@h/" as a URL: expected no user name and no password in it',
    ],
    [
      log(LOG.replace('https://h', 'https://h/?a')),
      'f:4:39: logs.custom[0].url: Cannot use "https://h/?a" as a URL: expected neither a query nor a fragment',
    ],
    [
      log(LOG.replace('https://h', 'https://')),
      `f:4:39: logs.custom[0].url: Cannot use "https://" as a URL: ${URL_FORM}`,
    ],
    [
      log(LOG.replace('p256.pub', 'p384.pub')),
      'f:4:75: logs.custom[0].public_key: Cannot take "DIR/p384.pub" as a public key: expected Ed25519 or ECDSA on P-256',
    ],
    [
      log(LOG.replace('p256.pub', 'ed25519.key')),
      'f:4:75: logs.custom[0].public_key: Cannot take "DIR/ed25519.key" as a public key: it holds PRIVATE KEY, expected one PUBLIC KEY (make one with `openssl pkey -pubout`, and keep the private key away)',
    ],
    [
      log(LOG.replace('p256.pub', '[p256.pub, nope]')),
      'f:4:86: logs.custom[0].public_key[1]: Cannot read public key "DIR/nope": no such file; expected a path relative to the configuration file, or an absolute one',
    ],
    [
      log(LOG.replace('p256.pub', 'broken.pub')),
      'f:4:75: logs.custom[0].public_key: Cannot take "DIR/broken.pub" as a public key: its PUBLIC KEY block is broken',
    ],
    [
      log(LOG.replace('p256.pub', 'not-pem')),
      'f:4:75: logs.custom[0].public_key: Cannot take "DIR/not-pem" as a public key: it holds no PEM block, expected one PUBLIC KEY',
    ],
    [
      log(LOG.replace('p256.pub', '[]')),
      'f:4:75: logs.custom[0].public_key: expected the path of a PEM file, at least one',
    ],
    [
      log(LOG.replace('origin: h', 'origin: h h')),
      'f:4:60: logs.custom[0].origin: Cannot use "h h" as an origin: expected 1 to 200 characters without white space and "+"',
    ],
    [
      log(`${LOG}, read_path: api`),
      'f:4:96: logs.custom[0].read_path: expected a path such as /api/v2 without a slash at its end, or "" for the root',
    ],
    [log(`${LOG}, read_path: /a/../b`), 'f:4:96: logs.custom[0].read_path: expected a path without "." and ".."'],
    [
      log(`${LOG.replace('v2', 'v1')}, read_path: /x`),
      'f:4:85: logs.custom[0].read_path: "read_path" is for rekor-v2 only',
    ],
    [
      log(LOG.replace('v2', 'v1').replace('origin: h', 'origin: h - 5')),
      'f:4:60: logs.custom[0].origin: Cannot use "h - 5" as an origin: expected only what stands before " - "; it covers every shard',
    ],
    [
      `logs: { custom: [{ ${LOG} }, { ${LOG} }] }`,
      'f:2:106: logs.custom[1].name: duplicate name "l": logs.custom[0] has it already',
      'f:2:151: logs.custom[1].origin: duplicate origin "h": logs.custom[0] has it already',
    ],
    [log(`${LOG}, also: [x]`), `f:4:92: logs.custom[0].also[0]: Cannot use "x" as a URL: ${URL_FORM}`],
    [
      log(`${LOG}, stale_after: 1y`),
      `f:4:98: logs.custom[0].stale_after: Cannot parse duration "1y": ${DURATION}, at most 3650d`,
    ],
    [
      log(`${LOG}, checkpoint: not-pem`),
      'f:4:97: logs.custom[0].checkpoint: Cannot use "DIR/not-pem" as a checkpoint: Cannot parse signed note: expected a blank line between its text and its signatures',
    ],
    [
      log('name: l, type: ct, url: "https://h/2026", public_key: ed25519.pub'),
      'f:4:63: logs.custom[0].public_key: Cannot take "DIR/ed25519.pub" as a public key: expected ECDSA on P-256, or RSA of at least 2048 bits',
    ],
    [
      log('name: l, type: ct, url: "https://h/2026", public_key: rsa1024.pub'),
      'f:4:63: logs.custom[0].public_key: Cannot take "DIR/rsa1024.pub" as a public key: expected ECDSA on P-256, or RSA of at least 2048 bits',
    ],
    [
      'logs: { custom: [{ name: a, type: ct, url: "https://h/2026", public_key: p256.pub }, { name: b, type: ct, url: "http://h/2026/", public_key: p256.pub }] }',
      'f:2:86: logs.custom[1]: duplicate origin "h/2026": logs.custom[0] has it already',
    ],
    // Overrides.
    ['logs: { override: [] }', 'f:2:19: logs.override: expected a map, found a list'],
    ['logs: { override: { h: 1 } }', 'f:2:24: logs.override.h: expected a map, found 1'],
    [
      'logs: { override: { h: { type: x } } }',
      'f:2:32: logs.override.h.type: expected one of: rekor-v1, rekor-v2, ct, found "x"',
    ],
    [
      'logs: { override: { h: { poll: 1s } } }',
      'f:2:26: logs.override.h.poll: unknown key "poll"; expected one of: type, name, url, read_path, origin, start, also, checkpoint, stale_after, enabled, public_key',
    ],
    [
      'logs: { override: { "h h": { enabled: false } } }',
      'f:2:21: logs.override["h h"]: Cannot use "h h" as an origin: expected 1 to 200 characters without white space and "+"',
    ],
    [
      'logs: { override: { "h - 5": { url: "https://h", enabled: false } } }',
      'f:2:37: logs.override["h - 5"].url: "url" is of the server and not of one shard: expected it under "h", or one of: also, checkpoint, stale_after, enabled, start',
    ],
    [
      `logs: { custom: [{ ${LOG} }], override: { h: { start: 2026-01-31 } } }`,
      'f:2:123: logs.override.h.start: a date needs entries with a time, and those of rekor-v2 have none; expected head, genesis or an index',
    ],
    [
      `logs: { custom: [{ ${LOG.replace('v2', 'v1')} }], override: { h: { read_path: /x } } }`,
      'f:2:127: logs.override.h.read_path: "read_path" is for rekor-v2 only',
    ],
    [
      `logs: { custom: [{ ${LOG} }, { ${LOG.replace('name: l', 'name: m').replace('origin: h', 'origin: i')} }], override: { h: { origin: i, name: m } } }`,
      'f:2:98: logs.custom[1]: duplicate origin "i": logs.custom[0] has it already',
      'f:2:98: logs.custom[1]: duplicate name "m": logs.custom[0] has it already',
    ],
    // Witnesses.
    ['logs: { witnesses: {} }', 'f:2:20: logs.witnesses: missing key "policy": expected a string'],
    [
      'logs: { witnesses: { policy: not-pem, on_missing: tell } }',
      'f:2:30: logs.witnesses.policy: Cannot parse line 1 of a witness policy: it begins with "hello", expected log, witness, group or quorum',
      'f:2:51: logs.witnesses.on_missing: expected one of: ignore, warn, alert, found "tell"',
    ],
    // The network.
    ['network: { proxy: "http://h" }', 'f:2:19: network.proxy: expected one of: env, none, found "http://h"'],
    [
      'network: { ca_bundle: p256.pub }',
      'f:2:23: network.ca_bundle: Cannot take "DIR/p256.pub" as a CA bundle: it holds no certificate, expected PEM',
    ],
    [
      'network: { ca_bundle: broken.pem }',
      'f:2:23: network.ca_bundle: Cannot take "DIR/broken.pem" as a CA bundle: certificate 1 is broken',
    ],
    // Watches.
    ['watches: [{ name: w }]', 'f:2:11: watches[0]: missing key "select": expected a list'],
    ['watches: [{ select: [{ key: k }] }]', 'f:2:11: watches[0]: missing key "name": expected a string'],
    [
      'watches: [{ name: " w", select: [{ key: k }] }]',
      'f:2:19: watches[0].name: expected a name of 1 to 100 characters, without control characters and without blanks at its ends',
    ],
    [
      'watches: [{ name: w, select: [{ key: k }] }, { name: w, select: [{ key: k }] }]',
      'f:2:54: watches[1].name: duplicate name "w": watches[0] has it already',
    ],
    [watch('select: []'), 'f:3:24: watches[0].select: expected a list of maps of claims, at least one'],
    [watch('select: [{}]'), 'f:3:25: watches[0].select[0]: expected at least one claim'],
    [watch('select: { key: k }'), 'f:3:24: watches[0].select: expected a list, found a map'],
    [
      watch('select: [{ subjet: x }]'),
      `f:3:27: watches[0].select[0].subjet: unknown claim "subjet"; did you mean "subject"?; expected one of: ${CLAIMS}, oid:1.2.3.4`,
    ],
    [
      watch('select: [{ signature: verified }]'),
      'f:3:27: watches[0].select[0].signature: the claim "signature" is computed for signers that are selected: only expect may name it',
    ],
    [
      watch('select: [{ "oid:1.2.": x }]'),
      'f:3:27: watches[0].select[0]["oid:1.2."]: Cannot parse claim "oid:1.2.": expected oid: and an object identifier such as oid:1.3.6.1.4.1.57264.1.5',
    ],
    [
      watch('select: [{ source_owner_id: 123 }]'),
      'f:3:44: watches[0].select[0].source_owner_id: expected a string: write it in quotes ("123")',
    ],
    [
      watch('select: [{ run: [a, true] }]'),
      'f:3:36: watches[0].select[0].run[1]: expected a string: write it in quotes ("true")',
    ],
    [watch('select: [{ run: }]'), `f:3:32: watches[0].select[0].run: ${PATTERN}`],
    [watch('select: [{ run: [] }]'), 'f:3:32: watches[0].select[0].run: expected patterns, at least one'],
    [watch('select: [{ run: { regex: x } }]'), `f:3:32: watches[0].select[0].run: ${PATTERN}`],
    [
      watch('select: [{ run: { regexp: x, flags: i } }]'),
      'f:3:45: watches[0].select[0].run.flags: unknown key "flags"; expected one of: regexp',
    ],
    [
      watch('select: [{ run: { regexp: "(" } }]'),
      'f:3:42: watches[0].select[0].run.regexp: Cannot compile regexp "(": missing closing ): `(`; expected RE2 syntax',
    ],
    [
      watch('select: [{ run: { not: [x, { regexp: "[" }] } }]'),
      'f:3:53: watches[0].select[0].run.not[1].regexp: Cannot compile regexp "[": missing closing ]: `[`; expected RE2 syntax',
    ],
    [watch('select: [{ key: k }], expect: nothing'), 'f:3:46: watches[0].expect: expected a map of claims, or none'],
    [
      watch('select: [{ key: k }], expect: {}'),
      'f:3:46: watches[0].expect: expected at least one claim; leave expect out to only observe',
    ],
    [
      watch('select: [{ key: k, sct: verified }]'),
      'f:3:35: watches[0].select[0].sct: the claim "sct" is computed for signers that are selected: only expect may name it',
    ],
    [
      watch('select: [{ signing_time: within }]'),
      'f:3:27: watches[0].select[0].signing_time: the claim "signing_time" is computed for signers that are selected: only expect may name it',
    ],
    [
      watch('select: [{ key: k }], expect: { sct_verdict: verified }'),
      `f:3:48: watches[0].expect.sct_verdict: unknown claim "sct_verdict"; expected one of: ${CLAIMS}, signature, signing_time, sct, oid:1.2.3.4`,
    ],
    [
      watch('select: [{ key: k }], mode: enforced'),
      'f:3:44: watches[0].mode: expected one of: enforce, audit, found "enforced"; did you mean "enforce"?',
    ],
    [
      watch('select: [{ key: k }], severity: urgent'),
      'f:3:48: watches[0].severity: expected one of: critical, high, medium, low, found "urgent"',
    ],
    [
      watch('select: [{ key: k }], notify: [c]'),
      'f:3:47: watches[0].notify[0]: unknown channel "c"; there is no channel',
    ],
    [watch('select: [{ key: k }], notify: []'), 'f:3:46: watches[0].notify: expected names of channels, at least one'],
    [watch('select: [{ key: k }], cadence: 30s'), `f:3:47: watches[0].cadence: ${DURATION}, from 1m to 3650d`],
    [watch('select: [{ key: k }], cadence: 30'), `f:3:47: watches[0].cadence: ${DURATION}`],
    [
      watch('select: [{ key: k }], first_seen: []'),
      'f:3:50: watches[0].first_seen: expected names of claims, at least one',
    ],
    [
      watch('select: [{ key: k }], first_seen: [run, builder, run, run]'),
      'f:3:65: watches[0].first_seen[2]: "run" stands in this list already, as number 1',
      'f:3:70: watches[0].first_seen[3]: "run" stands in this list already, as number 1',
    ],
    [
      watch('select: [{ key: k }], first_seen: [run, builder, runs, sct, bilder]'),
      `f:3:65: watches[0].first_seen[2]: unknown claim "runs"; did you mean "run"?; expected one of: ${CLAIMS}, oid:1.2.3.4`,
      'f:3:71: watches[0].first_seen[3]: the claim "sct" is computed for signers that are selected: only expect may name it',
      `f:3:76: watches[0].first_seen[4]: unknown claim "bilder"; did you mean "builder"?; expected one of: ${CLAIMS}, oid:1.2.3.4`,
    ],
    [watch('select: [{ key: k }], burst: 5'), 'f:3:45: watches[0].burst: expected a map, found 5'],
    [
      watch('select: [{ key: k }], burst: { over: 0, per: 31d, in: 5m }'),
      'f:3:53: watches[0].burst.over: expected auto, or a whole number from 1 to 10000',
      `f:3:61: watches[0].burst.per: ${DURATION}, from 1s to 30d`,
      'f:3:66: watches[0].burst.in: unknown key "in"; expected one of: per, over',
    ],
    [
      watch('select: [{ key: k }], burst: { over: 10001 }'),
      'f:3:45: watches[0].burst: missing key "per": expected a duration such as 500ms, 10s, 5m, 24h or 7d',
      'f:3:53: watches[0].burst.over: expected auto, or a whole number from 1 to 10000',
    ],
    [
      watch('select: [{ key: k }], burst: { over: 1.5, per: 1s }'),
      'f:3:53: watches[0].burst.over: expected auto, or a whole number from 1 to 10000',
    ],
    [
      watch('select: [{ key: k }], artifacts: { follow: yes, allow: [{}, { sct: verified }], x: 1 }'),
      'f:3:59: watches[0].artifacts.follow: expected true or false, found "yes"',
      'f:3:72: watches[0].artifacts.allow[0]: expected at least one claim',
      'f:3:78: watches[0].artifacts.allow[1].sct: the claim "sct" is computed for signers that are selected: only expect may name it',
      'f:3:96: watches[0].artifacts.x: unknown key "x"; expected one of: follow, allow',
    ],
    [
      watch('select: [{ key: k }], artifacts: { allow: { subject: x } }'),
      'f:3:58: watches[0].artifacts.allow: expected a list, found a map',
    ],
    // Channels.
    ['notify: { digest: "0 9 * * *" }', 'f:2:11: notify.digest: "digest" is not available in this version'],
    ['notify: { heartbeat: {} }', 'f:2:11: notify.heartbeat: "heartbeat" is not available in this version'],
    [
      channel('type: webhook, url: https://h'),
      'f:4:16: notify.channels.c.type: "webhook" is not available in this version',
    ],
    [channel('type: alertmanager'), 'f:4:16: notify.channels.c.type: "alertmanager" is not available in this version'],
    [channel('type: exec'), 'f:4:16: notify.channels.c.type: "exec" is not available in this version'],
    [
      channel('type: slak'),
      'f:4:16: notify.channels.c.type: expected one of: slack, email, found "slak"; did you mean "slack"?',
    ],
    [
      channel('type: slack'),
      'f:4:8: notify.channels.c: missing key "webhook_url": expected a string, { env: NAME } or { file: PATH }',
    ],
    [
      channel('type: slack, webhook_url: hooks.slack.test/secret'),
      `f:4:36: notify.channels.c.webhook_url: Cannot use the secret as a URL: ${URL_FORM}`,
    ],
    [
      channel('type: slack, webhook_url: ""'),
      'f:4:36: notify.channels.c.webhook_url: the secret is empty: expected a value, { env: NAME } or { file: PATH }',
    ],
    [
      channel('type: slack, webhook_url: 5'),
      'f:4:36: notify.channels.c.webhook_url: expected a string, { env: NAME } or { file: PATH }',
    ],
    [
      channel('type: slack, webhook_url: { env: NOT_SET }'),
      'f:4:43: notify.channels.c.webhook_url.env: Cannot read secret: environment variable "NOT_SET" is not set; set it for the process, or use { file: PATH }',
    ],
    [
      channel('type: slack, webhook_url: { env: BLANK }'),
      'f:4:43: notify.channels.c.webhook_url.env: Cannot read secret: environment variable "BLANK" is empty; set it for the process, or use { file: PATH }',
    ],
    [
      channel('type: slack, webhook_url: { env: HOOK, x: 1 }'),
      'f:4:49: notify.channels.c.webhook_url.x: unknown key "x"; expected one of: env',
    ],
    [
      channel('type: slack, webhook_url: { env: WORD }'),
      `f:4:36: notify.channels.c.webhook_url: Cannot use the secret as a URL: ${URL_FORM}`,
    ],
    [
      channel('type: slack, webhook_url: { file: nope }'),
      'f:4:44: notify.channels.c.webhook_url.file: Cannot read secret "DIR/nope": no such file; expected a path relative to the configuration file, or an absolute one',
    ],
    [
      channel('type: slack, webhook_url: { file: empty }'),
      'f:4:44: notify.channels.c.webhook_url.file: Cannot read secret "DIR/empty": the file is empty',
    ],
    [
      channel('type: slack, webhook_url: { file: large }'),
      'f:4:44: notify.channels.c.webhook_url.file: Cannot read secret "DIR/large": it is larger than 65536 bytes',
    ],
    [channel(MAIL), 'f:4:8: notify.channels.c: missing key "smtp": expected a map'],
    [
      channel('type: email, from: me, to: [a@b.c, "x\\ny@z"], smtp: { host: h }'),
      'f:4:29: notify.channels.c.from: expected one e-mail address, such as sec@acme.example or Security <sec@acme.example>',
      'f:4:45: notify.channels.c.to[1]: expected one e-mail address, such as sec@acme.example or Security <sec@acme.example>',
    ],
    [
      channel('type: email, from: a@b.c, to: [], smtp: { host: h }'),
      'f:4:40: notify.channels.c.to: expected an e-mail address, at least one',
    ],
    [smtp('host: "h:25"'), 'f:4:61: notify.channels.c.smtp.host: expected a host name or an address, without a port'],
    [smtp('host: "::1"')],
    [
      smtp('host: "http://h"'),
      'f:4:61: notify.channels.c.smtp.host: expected a host name or an address, without a port',
    ],
    [smtp('host: h, port: 0'), 'f:4:70: notify.channels.c.smtp.port: expected a port from 1 to 65535'],
    [smtp('host: h, port: "25"'), 'f:4:70: notify.channels.c.smtp.port: expected a number, found "25"'],
    [
      smtp('host: h, tls: yes'),
      'f:4:69: notify.channels.c.smtp.tls: expected one of: required, opportunistic, implicit, none, found "yes"',
    ],
    [
      smtp('host: h, user: u'),
      'f:4:64: notify.channels.c.smtp.user: "user" without "password": expected both or neither',
    ],
    [
      smtp('host: h, password: p'),
      'f:4:64: notify.channels.c.smtp.password: "password" without "user": expected both or neither',
    ],
    // Routes and the rest.
    [route('to: []'), 'f:4:18: notify.routes[0].to: expected the name of a channel, at least one'],
    [
      route('class: log'),
      'f:4:12: notify.routes[0]: missing key "to": expected the name of a channel, or a list of them',
    ],
    [route('to: d'), 'f:4:18: notify.routes[0].to: unknown channel "d"; expected one of: c'],
    [route('to: c, watch: w'), 'f:4:28: notify.routes[0].watch: unknown watch "w"; there is no watch'],
    [
      route('to: c, class: [logs]'),
      'f:4:29: notify.routes[0].class[0]: expected one of: identity, log, operational, found "logs"; did you mean "log"?',
    ],
    [
      route('to: c, kind: [burst, database]'),
      'f:4:35: notify.routes[0].kind[1]: "database" is not available in this version',
    ],
    [
      route('to: c, kind: delivery-failing'),
      'f:4:27: notify.routes[0].kind: "delivery-failing" is not available in this version',
    ],
    [
      route('to: c, kind: fokr'),
      'f:4:27: notify.routes[0].kind: expected one of unexpected, forged, unverifiable, unparsable, first-seen, burst, missing, artifact-resigned, fork, rollback, bad-signature, wrong-origin, entry-mismatch, entries-withheld, frozen-log-grew, key-changed, witness-missing, started, stalled, unreachable, backlog, trust-stale, or a list of them',
    ],
    [route('to: c, continue: maybe'), 'f:4:31: notify.routes[0].continue: expected true or false, found "maybe"'],
    ['notify: { group_wait: 2h }', `f:2:23: notify.group_wait: ${DURATION}, from 0s to 1h`],
    ['retention: { checkpoints: 400 }', `f:2:27: retention.checkpoints: ${DURATION}`],
    [
      'retention: { alerts: 5d }',
      'f:2:14: retention.alerts: unknown key "alerts"; expected one of: checkpoints, deliveries',
    ],
  ])('%s', (yaml, ...problems) => {
    const env = { WORD: 'word', HOOK: 'https://hooks.test/x', BLANK: '' };
    expect(problemsOf(folder, `version: 1\n${yaml}\n`, env)).toEqual(problems);
  });

  it.each([
    ['version: 2', 'f:1:10: version: expected 1, found 2'],
    ['version: "1"', 'f:1:10: version: expected 1, found "1"'],
    ['watches: []', 'f:1:1: missing key "version": expected 1'],
  ])('%s', (yaml, problem) => {
    expect(problemsOf(folder, yaml)).toEqual([problem]);
  });

  it.each([
    ['a custom log', `{ custom: [{ ${LOG}, checkpoint: other.note }] }`, '97: logs.custom[0].checkpoint'],
    [
      'an override',
      `{ custom: [{ ${LOG} }], override: { h: { checkpoint: other.note } } }`,
      '128: logs.override.h.checkpoint',
    ],
  ])('refuses a pinned checkpoint of %s that its key did not sign', (_what, logs, place) => {
    const [problem, ...others] = problemsOf(folder, `version: 1\nlogs: ${logs}\n`);
    expect(others).toEqual([]);
    const expected =
      'Cannot use "DIR/other.note" as a pinned checkpoint: Cannot believe the checkpoint of "h": signed by';
    expect(problem).toContain(`${place}: ${expected}`.replace(/^\d+/, ''));
  });

  it('tells everything that is wrong at once, in the order of the file', () => {
    const yaml = `
version: 1
verison: 1
logs:
  custom:
    - { ${LOG.replace('p256.pub', 'nope')}, ct: 1 }
watches:
  - { name: a, select: [{ run: { regexp: "(" }, sct: x }], expect: { kind: 1 }, notify: [x] }
  - { name: a, select: [{ subjet: x }] }
notify:
  channels: { s: { type: slack, webhook_url: { env: NONE } } }
  routes: [{ to: y }]
`;
    const places = problemsOf(folder, yaml).map((problem) => problem.split(' ')[0]);
    expect(places).toEqual([
      'f:3:1:',
      'f:6:75:',
      'f:6:81:',
      'f:8:42:',
      'f:8:49:',
      'f:8:76:',
      'f:8:90:',
      'f:9:13:',
      'f:9:27:',
      'f:11:53:',
      'f:12:18:',
    ]);
  });
});

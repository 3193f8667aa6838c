-- What people should look at, and the messages that tell them (an outbox: written with what they are about, sent after).
-- Times are whole milliseconds since 1970 (UTC).

CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  -- equal findings fold into one alert
  dedupe_key TEXT NOT NULL UNIQUE,
  class TEXT NOT NULL CHECK (class IN ('identity', 'log', 'operational')),
  kind TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
  state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'closed')),
  watch TEXT,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  log TEXT,
  -- the first entry, and the latest one
  idx INTEGER,
  last_index INTEGER,
  -- JSON list of {claim, expected, found}
  violations TEXT NOT NULL,
  -- JSON: type, chain, fingerprint and the claims by name
  signer TEXT,
  -- JSON list of `sha256:hex`
  artifacts TEXT NOT NULL,
  -- JSON {entry, run, commit}
  links TEXT NOT NULL,
  -- JSON; hashes in hex, signed notes verbatim
  evidence TEXT,
  -- JSON list of the channels that stand instead of the routes
  notify TEXT,
  occurrences INTEGER NOT NULL CHECK (occurrences > 0),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  -- when it was last queued for telling; null when nobody was to be told
  last_told_at INTEGER
) STRICT;

CREATE INDEX alerts_by_state ON alerts (state, last_seen);
CREATE INDEX alerts_by_log ON alerts (log, kind);

-- One message of one channel. Its id and content are fixed before the first attempt and the same in each.
CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  channel TEXT NOT NULL,
  content TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  last_error TEXT,
  sent_at INTEGER,
  CHECK ((state = 'sent') = (sent_at IS NOT NULL))
) STRICT;

CREATE INDEX messages_due ON messages (channel, next_attempt_at) WHERE state = 'pending';
CREATE INDEX messages_by_created_at ON messages (created_at);

-- That one channel is to be told of one alert. Those of a group that wait together become one message.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  alert TEXT NOT NULL REFERENCES alerts (id),
  event TEXT NOT NULL,
  -- what is told together: a watch, a log, or the operational alerts
  group_key TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent')),
  created_at INTEGER NOT NULL,
  -- the group waits until then for more
  not_before INTEGER NOT NULL,
  message TEXT REFERENCES messages (id)
) STRICT;

CREATE INDEX deliveries_waiting ON deliveries (channel, not_before) WHERE message IS NULL;
CREATE INDEX deliveries_by_alert ON deliveries (alert, state);
CREATE INDEX deliveries_by_message ON deliveries (message);

-- Views: stable, for people who query the database themselves. Names are those of the JSON.

CREATE VIEW v_alerts AS
SELECT
  id,
  class,
  kind,
  severity,
  state,
  watch,
  title,
  summary,
  log,
  idx AS "index",
  last_index,
  violations,
  signer,
  artifacts,
  occurrences,
  strftime('%Y-%m-%dT%H:%M:%fZ', first_seen / 1000.0, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ', last_seen / 1000.0, 'unixepoch') AS last_seen,
  dedupe_key,
  links,
  signer ->> '$.type' AS signer_type,
  signer ->> '$.chain' AS chain,
  signer ->> '$.fingerprint' AS fingerprint,
  signer ->> '$.issuer' AS issuer,
  signer -> '$.subject' AS subject,
  signer ->> '$.builder' AS builder,
  signer ->> '$.builder_digest' AS builder_digest,
  signer ->> '$.runner' AS runner,
  signer ->> '$.source_repository' AS source_repository,
  signer ->> '$.source_digest' AS source_digest,
  signer ->> '$.source_ref' AS source_ref,
  signer ->> '$.source_repository_id' AS source_repository_id,
  signer ->> '$.source_owner' AS source_owner,
  signer ->> '$.source_owner_id' AS source_owner_id,
  signer ->> '$.workflow' AS workflow,
  signer ->> '$.workflow_digest' AS workflow_digest,
  signer ->> '$.trigger' AS "trigger",
  signer ->> '$.run' AS run,
  signer ->> '$.visibility' AS visibility,
  signer ->> '$.environment' AS environment,
  signer ->> '$.token_subject' AS token_subject,
  links ->> '$.entry' AS link_entry,
  links ->> '$.run' AS link_run,
  links ->> '$.commit' AS link_commit,
  evidence
FROM alerts;

CREATE VIEW v_deliveries AS
SELECT
  CAST(d.id AS TEXT) AS id,
  d.channel,
  d.alert,
  d.state,
  coalesce(m.attempts, 0) AS attempts,
  CASE
    WHEN d.state = 'pending'
    THEN strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(m.next_attempt_at, d.not_before) / 1000.0, 'unixepoch')
  END AS next_attempt_at,
  m.last_error,
  d.event,
  d.message,
  strftime('%Y-%m-%dT%H:%M:%fZ', d.created_at / 1000.0, 'unixepoch') AS created_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', m.sent_at / 1000.0, 'unixepoch') AS sent_at
FROM deliveries AS d
LEFT JOIN messages AS m ON m.id = d.message;

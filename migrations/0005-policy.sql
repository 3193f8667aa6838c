-- What watches remember between entries: what they have seen, how often, and what they would have told.
-- Times are whole milliseconds since 1970 (UTC). Watches are named, not referred to: their configuration may go and come back.

-- The watches that the daemon knew, as they were loaded last.
CREATE TABLE watches (
  name TEXT PRIMARY KEY,
  -- when it was loaded first, or again after it was taken out; of a history older than this table, when it first found something
  since INTEGER NOT NULL,
  -- JSON, as the configuration says it, secrets left out
  definition TEXT NOT NULL,
  -- 0: it was taken out of the configuration
  in_force INTEGER NOT NULL CHECK (in_force IN (0, 1))
) STRICT;

-- What changed in them, and when.
CREATE TABLE watch_changes (
  id INTEGER PRIMARY KEY,
  watch TEXT NOT NULL,
  change TEXT NOT NULL CHECK (change IN ('added', 'changed', 'removed')),
  -- null where it was removed
  definition TEXT,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX watch_changes_by_watch ON watch_changes (watch, id);

CREATE VIEW v_watches AS
SELECT
  name,
  definition ->> '$.mode' AS mode,
  strftime('%Y-%m-%dT%H:%M:%fZ', since / 1000.0, 'unixepoch') AS since,
  in_force,
  definition,
  (
    SELECT strftime('%Y-%m-%dT%H:%M:%fZ', c.changed_at / 1000.0, 'unixepoch')
    FROM watch_changes AS c WHERE c.watch = w.name ORDER BY c.id DESC LIMIT 1
  ) AS changed_at
FROM watches AS w;

-- Each time that the running daemon was asked to read its configuration again.
CREATE TABLE reloads (
  id INTEGER PRIMARY KEY,
  -- a signal, or `sigwatch reload`
  cause TEXT NOT NULL CHECK (cause IN ('signal', 'command')),
  requested_at INTEGER NOT NULL,
  -- null until the daemon has done it
  done_at INTEGER,
  -- refused: what was in force before still is
  outcome TEXT CHECK (outcome IN ('loaded', 'refused')),
  -- why it was refused, in words
  problem TEXT,
  -- JSON: the file that was read, and the watches that it added, changed and removed
  summary TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX reloads_waiting ON reloads (id) WHERE done_at IS NULL;

-- What watches in audit mode would have told, folded as alerts are.
CREATE TABLE audit_alerts (
  dedupe_key TEXT PRIMARY KEY,
  watch TEXT NOT NULL,
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  title TEXT NOT NULL,
  log TEXT,
  -- the first entry
  idx INTEGER,
  occurrences INTEGER NOT NULL CHECK (occurrences > 0),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_alerts_by_watch ON audit_alerts (watch, last_seen);

-- Stable, for people who query the database themselves. Names are those of the JSON.
CREATE VIEW v_audit_alerts AS
SELECT
  watch,
  kind,
  severity,
  title,
  log,
  idx AS "index",
  occurrences,
  strftime('%Y-%m-%dT%H:%M:%fZ', first_seen / 1000.0, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ', last_seen / 1000.0, 'unixepoch') AS last_seen,
  dedupe_key
FROM audit_alerts;

-- What each watch expected last: a silence runs from there, or else from when the watch was loaded.
CREATE TABLE cadences (
  watch TEXT PRIMARY KEY,
  -- without an expected entry for so long, something is missing; null: none is awaited
  cadence_ms INTEGER CHECK (cadence_ms > 0),
  -- the latest expected entry: when it was made, as far as that can be known
  last_at INTEGER,
  last_log TEXT,
  last_index INTEGER,
  -- how this silence was told: to people, or only written down; null: it was not
  told_as TEXT CHECK (told_as IN ('enforce', 'audit')),
  CHECK ((last_at IS NULL) = (last_log IS NULL)),
  CHECK ((last_at IS NULL) = (last_index IS NULL))
) STRICT;

-- From the history: nothing that was seen was made later. Certificates of CT logs are no signatures. Of the columns beside max(),
-- SQLite takes those of the row that has it.
INSERT INTO cadences (watch, last_at, last_log, last_index)
SELECT watch, at, log, idx FROM (
  SELECT f.watch, max(min(coalesce(e.integrated_time, e.observed_at), e.observed_at)) AS at, e.log, e.idx
  FROM findings AS f JOIN entries AS e ON e.id = f.entry
  WHERE f.verdict IN ('expected', 'observed') AND e.issuance IS NULL
  GROUP BY f.watch
);

-- The claims of which a watch tells new values, since its `first_seen` names them.
CREATE TABLE seen_claims (
  watch TEXT NOT NULL,
  claim TEXT NOT NULL,
  -- when the first of its values was seen, in the history too; of none: when it was named
  since INTEGER NOT NULL,
  -- how many values are kept below
  kept INTEGER NOT NULL,
  PRIMARY KEY (watch, claim)
) STRICT, WITHOUT ROWID;

-- Their values, in the order in which they were first seen.
CREATE TABLE seen_values (
  id INTEGER PRIMARY KEY,
  watch TEXT NOT NULL,
  claim TEXT NOT NULL,
  -- SHA-256 of the value as a JSON string: a value may be a megabyte
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  -- its beginning, for people
  excerpt TEXT NOT NULL,
  UNIQUE (watch, claim, hash)
) STRICT;

-- In the order in which they were first seen, without reading all of them.
CREATE INDEX seen_values_by_id ON seen_values (watch, claim, id);

-- Watches whose entries are counted for their `burst`: those of the history before are counted as well.
CREATE TABLE burst_watches (
  watch TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The entries that were counted: each once, however many signed it.
CREATE TABLE burst_entries (
  watch TEXT NOT NULL,
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  -- when it was made, as far as that can be known
  at INTEGER NOT NULL,
  -- the first half of the SHA-256 of what the claim `run` says
  run BLOB CHECK (length(run) = 16),
  PRIMARY KEY (watch, log, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX burst_entries_by_at ON burst_entries (watch, at);
CREATE INDEX burst_entries_by_run ON burst_entries (watch, run, at) WHERE run IS NOT NULL;

-- The bursts that were told.
CREATE TABLE bursts (
  watch TEXT NOT NULL,
  -- its first entry, as it was known when it was told
  start INTEGER NOT NULL,
  -- of its alert, or of what a watch in audit mode would have told
  dedupe_key TEXT NOT NULL,
  -- the first and the last of its entries
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL CHECK (last_at >= first_at),
  PRIMARY KEY (watch, start)
) STRICT, WITHOUT ROWID;

CREATE INDEX bursts_by_last_at ON bursts (watch, last_at);

-- What is usual for a watch whose burst is `over: auto`, as computed from the entries above once a day.
CREATE TABLE burst_norms (
  watch TEXT NOT NULL,
  -- length of the window
  per_ms INTEGER NOT NULL,
  -- entries made before this were looked at
  midnight INTEGER NOT NULL,
  -- how many of its bursts were closed by then: one more, and it is computed anew
  closed INTEGER NOT NULL,
  -- how many entries there were, and when the first of them was made
  entries INTEGER NOT NULL,
  since INTEGER,
  -- most entries in one window, and of one run
  in_window INTEGER NOT NULL,
  in_run INTEGER NOT NULL,
  PRIMARY KEY (watch, per_ms, midnight)
) STRICT, WITHOUT ROWID;

-- What expected signers of watches signed that follow their artifacts: who else signs one of them is told.
CREATE TABLE followed_artifacts (
  -- the first six bytes of the digest: every artifact of every entry is looked up, and a narrow index stays in memory
  prefix INTEGER NOT NULL,
  -- ALGORITHM:hex
  artifact TEXT NOT NULL,
  watch TEXT NOT NULL,
  -- the entry that is known to have signed it first
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  signed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX followed_artifacts_by_prefix ON followed_artifacts (prefix);

-- The watches that follow, from when on: what they found before was searched for artifacts then.
CREATE TABLE following_watches (
  watch TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who else signed a followed artifact, the first few of each.
CREATE TABLE resigners (
  watch TEXT NOT NULL,
  artifact TEXT NOT NULL,
  -- `certificate:` or `key:`, and the hash of what stays the same from one signature to the next
  identity TEXT NOT NULL,
  -- how many of the same sort there were before
  place INTEGER NOT NULL,
  PRIMARY KEY (watch, artifact, identity)
) STRICT, WITHOUT ROWID;

-- The followed artifact that somebody signed whom the watch does not select; null: the watch selects the signer.
ALTER TABLE findings ADD COLUMN resigned TEXT;

-- What people did with alerts by hand. Nothing is ever changed or taken out.
CREATE TABLE alert_changes (
  id INTEGER PRIMARY KEY,
  alert TEXT NOT NULL REFERENCES alerts (id),
  change TEXT NOT NULL CHECK (change IN ('closed')),
  -- null where they did not say
  by TEXT,
  note TEXT,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX alert_changes_by_alert ON alert_changes (alert, id);

-- Shows also of whom the watch does not select what they signed that it follows.
DROP VIEW v_history;

CREATE VIEW v_history AS
SELECT
  e.log,
  e.idx AS "index",
  e.global_index,
  e.uuid,
  e.kind,
  e.api_version,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.integrated_time / 1000.0, 'unixepoch') AS integrated_time,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.observed_at / 1000.0, 'unixepoch') AS observed_at,
  lower(hex(e.leaf_hash)) AS leaf_hash,
  f.watch,
  f.verdict,
  f.violations,
  f.signer ->> '$.type' AS type,
  f.signer ->> '$.type' AS signer_type,
  f.signer ->> '$.chain' AS chain,
  f.signer ->> '$.fingerprint' AS fingerprint,
  f.signer ->> '$.issuer' AS issuer,
  f.signer -> '$.subject' AS subject,
  f.signer ->> '$.builder' AS builder,
  f.signer ->> '$.builder_digest' AS builder_digest,
  f.signer ->> '$.runner' AS runner,
  f.signer ->> '$.source_repository' AS source_repository,
  f.signer ->> '$.source_digest' AS source_digest,
  f.signer ->> '$.source_ref' AS source_ref,
  f.signer ->> '$.source_repository_id' AS source_repository_id,
  f.signer ->> '$.source_owner' AS source_owner,
  f.signer ->> '$.source_owner_id' AS source_owner_id,
  f.signer ->> '$.workflow' AS workflow,
  f.signer ->> '$.workflow_digest' AS workflow_digest,
  f.signer ->> '$.trigger' AS "trigger",
  f.signer ->> '$.run' AS run,
  f.signer ->> '$.visibility' AS visibility,
  f.signer ->> '$.environment' AS environment,
  f.signer ->> '$.token_subject' AS token_subject,
  f.signer ->> '$.fingerprint' AS key,
  f.signer ->> '$.key_subject' AS key_subject,
  f.signer ->> '$.slsa_builder' AS slsa_builder,
  f.signer ->> '$.build_type' AS build_type,
  f.signer ->> '$.source_uri' AS source_uri,
  f.signer ->> '$.source_sha' AS source_sha,
  f.signer ->> '$.subject_name' AS subject_name,
  f.signer ->> '$.predicate_type' AS predicate_type,
  f.signer ->> '$.signature' AS signature,
  f.signer ->> '$.signing_time' AS signing_time,
  f.signer ->> '$.sct' AS sct,
  f.signer ->> '$.problem' AS problem,
  -- the whole of it, also the claims without a name (`oid:…`)
  f.signer,
  e.artifacts,
  f.alert,
  f.resigned
FROM findings AS f
JOIN entries AS e ON e.id = f.entry;

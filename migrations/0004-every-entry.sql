-- What it takes to account for every entry: those that cannot be read, and those whose verdict waits for something.
-- Times are whole milliseconds since 1970 (UTC).

-- Entries that could not be read, kept whole while there is room. A log that forked can have two at one index.
CREATE TABLE new_unparsable (
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  kind TEXT,
  api_version TEXT,
  problem TEXT NOT NULL,
  -- 1: of a kind or version that is not known; 0: it cannot be decoded
  unread INTEGER NOT NULL CHECK (unread IN (0, 1)),
  leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
  observed_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (log, idx, leaf_hash)
) STRICT;

INSERT INTO new_unparsable (log, idx, kind, problem, unread, leaf_hash, observed_at, body)
SELECT log, idx, kind, problem, 0, leaf_hash, observed_at, body FROM unparsable;

DROP TABLE unparsable;
ALTER TABLE new_unparsable RENAME TO unparsable;

-- How much room they take, and how many found none: each sort has its own, so that neither crowds out the other.
CREATE TABLE new_unparsable_totals (
  unread INTEGER PRIMARY KEY CHECK (unread IN (0, 1)),
  kept INTEGER NOT NULL,
  kept_bytes INTEGER NOT NULL,
  dropped INTEGER NOT NULL
) STRICT;

INSERT INTO new_unparsable_totals (unread, kept, kept_bytes, dropped)
SELECT 0, kept, kept_bytes, dropped FROM unparsable_totals;
INSERT INTO new_unparsable_totals (unread, kept, kept_bytes, dropped) VALUES (1, 0, 0, 0);

DROP TABLE unparsable_totals;
ALTER TABLE new_unparsable_totals RENAME TO unparsable_totals;

-- 1: the log signed `integrated_time` for this entry (Rekor v1); 0: it carries no such promise.
ALTER TABLE entries ADD COLUMN time_signed INTEGER NOT NULL DEFAULT 0 CHECK (time_signed IN (0, 1));

-- Entries of which a verdict waits: for trust data that reaches to their time, or for an attestation.
CREATE TABLE doubtful (
  entry INTEGER NOT NULL REFERENCES entries (id),
  reason TEXT NOT NULL CHECK (reason IN ('trust', 'attestation')),
  -- not before this is it judged again
  due_at INTEGER NOT NULL,
  -- when the waiting ends, and what is known by then decides; null: it does not
  until INTEGER,
  PRIMARY KEY (entry, reason)
) STRICT, WITHOUT ROWID;

CREATE INDEX doubtful_by_due_at ON doubtful (reason, due_at);

-- Those that were stored before they could wait.
INSERT INTO doubtful (entry, reason, due_at, until)
SELECT DISTINCT entry, 'trust', 0, NULL FROM findings WHERE verdict = 'unverifiable';

-- What more is known of signers shows beside their claims. Values that may be several are JSON then.
DROP VIEW v_history;
DROP VIEW v_alerts;

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
  f.alert
FROM findings AS f
JOIN entries AS e ON e.id = f.entry;

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
  signer ->> '$.key_subject' AS key_subject,
  signer ->> '$.slsa_builder' AS slsa_builder,
  signer ->> '$.build_type' AS build_type,
  signer ->> '$.source_uri' AS source_uri,
  signer ->> '$.source_sha' AS source_sha,
  signer ->> '$.subject_name' AS subject_name,
  signer ->> '$.predicate_type' AS predicate_type,
  signer ->> '$.signature' AS signature,
  signer ->> '$.signing_time' AS signing_time,
  signer ->> '$.sct' AS sct,
  signer ->> '$.problem' AS problem,
  links ->> '$.entry' AS link_entry,
  links ->> '$.run' AS link_run,
  links ->> '$.commit' AS link_commit,
  evidence
FROM alerts;

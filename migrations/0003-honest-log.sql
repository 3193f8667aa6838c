-- What it takes to hold a log to its word: signs of life, gaps, witnesses, our own leaf hashes, an operator's decisions.
-- Times are whole milliseconds since 1970 (UTC), hashes 32 bytes, notes the signed text verbatim.

DROP VIEW v_history;
DROP VIEW v_logs;
DROP VIEW v_checkpoints;

-- An operator's word about a log that was stopped.
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY,
  log TEXT NOT NULL,
  by TEXT NOT NULL,
  note TEXT NOT NULL,
  -- the alert that had stopped it
  alert TEXT,
  decided_at INTEGER NOT NULL,
  -- null until the daemon acted on it
  applied_at INTEGER,
  -- what came of it, in words
  outcome TEXT
) STRICT;

CREATE INDEX decisions_by_log ON decisions (log, applied_at);

-- Contradicting checkpoints that an operator decided about stand against nothing any more.
ALTER TABLE checkpoints ADD COLUMN disregarded_by INTEGER REFERENCES decisions (id);
-- 1: every entry up to it was read, and they make its root.
ALTER TABLE checkpoints ADD COLUMN verified INTEGER NOT NULL DEFAULT 0 CHECK (verified IN (0, 1));
-- 1: shown only beside an entry (Rekor v1), which can be many a second; forgotten once entries were read past it.
ALTER TABLE checkpoints ADD COLUMN beside INTEGER NOT NULL DEFAULT 0 CHECK (beside IN (0, 1));
CREATE INDEX checkpoints_beside ON checkpoints (log, first_seen) WHERE beside = 1;

-- The tables below gain states and columns; SQLite changes a CHECK only by making the table anew.
CREATE TABLE new_logs (
  origin TEXT PRIMARY KEY,
  source TEXT NOT NULL REFERENCES sources (name),
  type TEXT NOT NULL,
  url TEXT NOT NULL,
  -- 1 for a log that was there when its source was first asked: it begins where the configuration says
  original INTEGER NOT NULL CHECK (original IN (0, 1)),
  state TEXT NOT NULL DEFAULT 'starting'
    CHECK (state IN ('starting', 'catching-up', 'verified', 'stalled', 'unreachable', 'misbehaving', 'frozen')),
  last_error TEXT,
  -- the alert about a signed contradiction: nothing is verified any more
  stopped_by TEXT,
  -- null until the log is joined
  started_at_index INTEGER CHECK (started_at_index >= 0),
  frontier_size INTEGER,
  frontier BLOB,
  verified_size INTEGER,
  verified_root BLOB,
  verified_note TEXT,
  verified_at INTEGER,
  -- accepted and being caught up to: stored before its entries are read
  target_note TEXT,
  -- what the log vouched for the frontier by, where that is not the target
  vouched_note TEXT,
  -- the largest tree it ever signed
  seen_size INTEGER,
  -- its last sign of life: growth, a newer cosignature, the time of a tree head
  alive_at INTEGER,
  -- the largest tree that its own address showed: what growth is measured by
  alive_size INTEGER,
  -- since when it cannot be read; null while it can
  failing_since INTEGER,
  -- the first entry that is signed and not served, and since when; null while all are
  withheld_index INTEGER,
  withheld_since INTEGER,
  -- the first checkpoint that said of itself that it is the last (Rekor v2), verified or not
  ended_note TEXT,
  -- the verified checkpoint at which it was shown to have ended
  frozen_note TEXT,
  -- 1 for a shard that the configuration leaves out: kept, but neither followed nor shown
  hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
  updated_at INTEGER NOT NULL,
  CHECK ((started_at_index IS NULL) = (frontier_size IS NULL)),
  CHECK ((frontier_size IS NULL) = (frontier IS NULL)),
  CHECK (frontier_size >= started_at_index),
  CHECK (verified_size <= frontier_size),
  CHECK (stopped_by IS NULL OR state = 'misbehaving'),
  CHECK ((withheld_index IS NULL) = (withheld_since IS NULL))
) STRICT;

INSERT INTO new_logs (origin, source, type, url, original, state, last_error, stopped_by, started_at_index, frontier_size,
  frontier, verified_size, verified_root, verified_note, verified_at, target_note, seen_size, alive_at, alive_size,
  updated_at)
SELECT origin, source, type, url, original, state, last_error, stopped_by, started_at_index, frontier_size,
  frontier, verified_size, verified_root, verified_note, verified_at, target_note, seen_size, verified_at, seen_size, updated_at
FROM logs;

DROP TABLE logs;
ALTER TABLE new_logs RENAME TO logs;
CREATE INDEX logs_by_source ON logs (source);

-- Since when a source cannot be asked for its logs; null while it can.
ALTER TABLE sources ADD COLUMN failing_since INTEGER;

-- Entries that at least one watch selected. A log that forked can have two at one index.
CREATE TABLE new_entries (
  id INTEGER PRIMARY KEY,
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  global_index INTEGER,
  uuid TEXT,
  kind TEXT NOT NULL,
  api_version TEXT NOT NULL,
  integrated_time INTEGER,
  observed_at INTEGER NOT NULL,
  leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
  -- JSON list of `sha256:hex`
  artifacts TEXT NOT NULL,
  body BLOB NOT NULL,
  -- what came with the leaf without being hashed into the tree (CT: precertificate and chain)
  extra BLOB,
  -- the same for a precertificate and its certificate (CT), hex
  issuance TEXT,
  UNIQUE (log, idx, leaf_hash)
) STRICT;

INSERT INTO new_entries (id, log, idx, global_index, uuid, kind, api_version, integrated_time, observed_at, leaf_hash, artifacts, body)
SELECT id, log, idx, global_index, uuid, kind, api_version, integrated_time, observed_at, leaf_hash, artifacts, body FROM entries;

CREATE TABLE new_findings (
  id INTEGER PRIMARY KEY,
  entry INTEGER NOT NULL REFERENCES new_entries (id),
  watch TEXT NOT NULL,
  signer_position INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  -- JSON list of {claim, expected, found}
  violations TEXT NOT NULL,
  -- JSON: type, chain, fingerprint and the claims by name
  signer TEXT NOT NULL,
  -- id of the alert it raised or repeated
  alert TEXT,
  UNIQUE (entry, watch, signer_position)
) STRICT;

INSERT INTO new_findings (id, entry, watch, signer_position, verdict, violations, signer, alert)
SELECT id, entry, watch, signer_position, verdict, violations, signer, alert FROM findings;

DROP TABLE findings;
DROP TABLE entries;
ALTER TABLE new_entries RENAME TO entries;
ALTER TABLE new_findings RENAME TO findings;
CREATE INDEX entries_by_observed_at ON entries (observed_at);
CREATE INDEX entries_by_issuance ON entries (issuance) WHERE issuance IS NOT NULL;

-- Entries behind the position that were never examined: from_index ≤ index < to_index. What lies before the index at
-- which a log was joined is not listed here.
CREATE TABLE gaps (
  log TEXT NOT NULL,
  from_index INTEGER NOT NULL CHECK (from_index >= 0),
  to_index INTEGER NOT NULL CHECK (to_index > from_index),
  -- withheld: signed, but not served; contested: of a history that was given up
  reason TEXT NOT NULL CHECK (reason IN ('withheld', 'contested')),
  since INTEGER NOT NULL,
  -- when it was last asked for again
  tried_at INTEGER NOT NULL,
  PRIMARY KEY (log, from_index)
) STRICT, WITHOUT ROWID;

-- The hashes of the last leaves, in runs: what a smaller checkpoint is compared with, without asking the log.
CREATE TABLE leaf_hashes (
  log TEXT NOT NULL,
  -- index of the first leaf of the run
  start INTEGER NOT NULL,
  -- the frontier before it
  frontier BLOB NOT NULL,
  -- 32 bytes each
  hashes BLOB NOT NULL,
  PRIMARY KEY (log, start)
) STRICT, WITHOUT ROWID;

-- Who else signed a checkpoint, by the witness policy; only what was verified.
CREATE TABLE cosignatures (
  checkpoint INTEGER NOT NULL REFERENCES checkpoints (id) ON DELETE CASCADE,
  -- of the witness, as the policy names it
  name TEXT NOT NULL,
  -- the latest time it signed at; 0 when it says none (ML-DSA)
  time INTEGER NOT NULL,
  -- its signature line, verbatim
  line TEXT NOT NULL,
  PRIMARY KEY (checkpoint, name)
) STRICT, WITHOUT ROWID;

-- The same log at other addresses, and what each showed last.
CREATE TABLE vantages (
  log TEXT NOT NULL,
  url TEXT NOT NULL,
  -- why its checkpoint could not be compared at the last poll; null: it was
  error TEXT,
  -- since when it could not
  failing_since INTEGER,
  -- what was compared last
  seen_size INTEGER,
  seen_at INTEGER,
  -- a size that it showed and the log's own address has not reached yet, and since when
  ahead_size INTEGER,
  ahead_since INTEGER,
  PRIMARY KEY (log, url),
  CHECK ((error IS NULL) = (failing_since IS NULL)),
  CHECK ((seen_size IS NULL) = (seen_at IS NULL)),
  CHECK ((ahead_size IS NULL) = (ahead_since IS NULL))
) STRICT, WITHOUT ROWID;

-- How fast a log was read while it was caught up with, as last measured.
CREATE TABLE log_rates (
  log TEXT PRIMARY KEY,
  -- entries a second
  reading REAL NOT NULL,
  -- how far it was examined then
  examined_size INTEGER NOT NULL,
  measured_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys, authorities and logs of a trust source as last taken over: what the next ones are compared with, and what is
-- known while it cannot be asked.
CREATE TABLE trust_snapshot (
  -- the trust source, as configured
  source TEXT PRIMARY KEY,
  -- JSON
  content TEXT NOT NULL,
  taken_at INTEGER NOT NULL
) STRICT;

-- Views: stable, for people who query the database themselves. Names are those of the JSON.

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
  -- the whole of it, also the claims without a name (`oid:…`)
  f.signer,
  e.artifacts,
  f.alert
FROM findings AS f
JOIN entries AS e ON e.id = f.entry;

-- A source that cannot be asked makes all its logs unreachable; one that never answered has a row of its own.
CREATE VIEW v_logs AS
SELECT
  s.name,
  coalesce(l.origin, s.origin) AS origin,
  coalesce(l.type, s.type) AS type,
  coalesce(l.url, s.url) AS url,
  CASE
    WHEN l.origin IS NULL AND s.state = 'reached' THEN 'starting'
    WHEN l.origin IS NULL THEN s.state
    WHEN l.state = 'misbehaving' OR s.last_error IS NULL THEN l.state
    ELSE s.state
  END AS state,
  l.verified_size,
  nullif(lower(hex(l.verified_root)), '') AS verified_root,
  strftime('%Y-%m-%dT%H:%M:%fZ', l.verified_at / 1000.0, 'unixepoch') AS verified_at,
  l.seen_size,
  max(l.seen_size - coalesce(l.verified_size, l.started_at_index), 0) AS lag,
  l.started_at_index,
  -- every entry from started_at_index up to here is examined, but for the gaps
  l.frontier_size AS examined_size,
  CASE WHEN l.state IS 'misbehaving' THEN l.last_error ELSE coalesce(s.last_error, l.last_error) END AS last_error,
  -- those of the witness policy whose cosignature on the last verified checkpoint holds
  (
    SELECT json_group_array(
      json_object('name', c.name, 'time', strftime('%Y-%m-%dT%H:%M:%fZ', nullif(c.time, 0) / 1000.0, 'unixepoch'))
    )
    FROM checkpoints AS k
    JOIN cosignatures AS c ON c.checkpoint = k.id
    WHERE k.log = l.origin AND k.size = l.verified_size AND k.root = l.verified_root
  ) AS witnesses,
  strftime('%Y-%m-%dT%H:%M:%fZ', l.alive_at / 1000.0, 'unixepoch') AS alive_at,
  -- id of the alert that stopped it
  l.stopped_by
FROM sources AS s
LEFT JOIN logs AS l ON l.source = s.name AND l.hidden = 0
WHERE s.configured = 1
  -- a source has a row of its own until its first log is known, also when that is not followed, and while it cannot be asked
  AND (
    l.origin IS NOT NULL
    OR s.last_error IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM logs WHERE source = s.name)
  );

CREATE VIEW v_checkpoints AS
SELECT
  log,
  size,
  lower(hex(root)) AS root,
  note,
  strftime('%Y-%m-%dT%H:%M:%fZ', first_seen / 1000.0, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ', last_seen / 1000.0, 'unixepoch') AS last_seen
FROM checkpoints;

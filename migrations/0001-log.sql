-- What was asked of the logs, what they said, and what was found in them.
-- Times are whole milliseconds since 1970 (UTC), hashes 32 bytes, notes the signed text verbatim.

-- A configured place that serves one log or, Rekor v1, a sequence of shards.
CREATE TABLE sources (
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  url TEXT NOT NULL,
  origin TEXT NOT NULL,
  -- 1 once its first logs are known: one that appears later begins at index 0
  joined INTEGER NOT NULL DEFAULT 0 CHECK (joined IN (0, 1)),
  state TEXT NOT NULL DEFAULT 'starting' CHECK (state IN ('starting', 'reached', 'unreachable', 'misbehaving')),
  last_error TEXT,
  -- 0 once it stands in the configuration no more
  configured INTEGER NOT NULL DEFAULT 1 CHECK (configured IN (0, 1)),
  updated_at INTEGER
) STRICT;

-- One tree each, with the position up to which every entry is proven, judged and stored.
CREATE TABLE logs (
  origin TEXT PRIMARY KEY,
  source TEXT NOT NULL REFERENCES sources (name),
  type TEXT NOT NULL,
  url TEXT NOT NULL,
  -- 1 for a log that was there when its source was first asked: it begins where the configuration says
  original INTEGER NOT NULL CHECK (original IN (0, 1)),
  state TEXT NOT NULL DEFAULT 'starting'
    CHECK (state IN ('starting', 'catching-up', 'verified', 'unreachable', 'misbehaving', 'frozen')),
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
  -- the largest tree it ever signed
  seen_size INTEGER,
  updated_at INTEGER NOT NULL,
  CHECK ((started_at_index IS NULL) = (frontier_size IS NULL)),
  CHECK ((frontier_size IS NULL) = (frontier IS NULL)),
  CHECK (frontier_size >= started_at_index),
  CHECK (verified_size <= frontier_size),
  CHECK (stopped_by IS NULL OR state = 'misbehaving')
) STRICT;

CREATE INDEX logs_by_source ON logs (source);

-- Every signed checkpoint ever seen, contradicting ones too; the note is the first one seen.
CREATE TABLE checkpoints (
  id INTEGER PRIMARY KEY,
  log TEXT NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL CHECK (length(root) = 32),
  note TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  UNIQUE (log, size, root)
) STRICT;

CREATE INDEX checkpoints_by_last_seen ON checkpoints (last_seen);

-- Entries that at least one watch selected.
CREATE TABLE entries (
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
  UNIQUE (log, idx)
) STRICT;

CREATE INDEX entries_by_observed_at ON entries (observed_at);

-- What one watch made of one signer of an entry.
CREATE TABLE findings (
  id INTEGER PRIMARY KEY,
  entry INTEGER NOT NULL REFERENCES entries (id),
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

-- Entries that could not be decoded, kept whole while there is room.
CREATE TABLE unparsable (
  log TEXT NOT NULL,
  idx INTEGER NOT NULL,
  kind TEXT,
  problem TEXT NOT NULL,
  leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
  observed_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (log, idx)
) STRICT;

-- How much room they take, and how many found none.
CREATE TABLE unparsable_totals (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  kept INTEGER NOT NULL,
  kept_bytes INTEGER NOT NULL,
  dropped INTEGER NOT NULL
) STRICT;

INSERT INTO unparsable_totals (id, kept, kept_bytes, dropped) VALUES (1, 0, 0, 0);

-- How many entries of each kind were examined.
CREATE TABLE entry_counts (
  log TEXT NOT NULL,
  kind TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (log, kind)
) STRICT, WITHOUT ROWID;

-- The daemon's last sign of life.
CREATE TABLE heartbeat (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pid INTEGER NOT NULL,
  version TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  beat_at INTEGER NOT NULL
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
  -- every entry from started_at_index up to here is examined
  l.frontier_size AS examined_size,
  CASE WHEN l.state IS 'misbehaving' THEN l.last_error ELSE coalesce(s.last_error, l.last_error) END AS last_error,
  '[]' AS witnesses
FROM sources AS s
LEFT JOIN logs AS l ON l.source = s.name
WHERE s.configured = 1;

CREATE VIEW v_checkpoints AS
SELECT
  log,
  size,
  lower(hex(root)) AS root,
  note,
  strftime('%Y-%m-%dT%H:%M:%fZ', first_seen / 1000.0, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ', last_seen / 1000.0, 'unixepoch') AS last_seen
FROM checkpoints;

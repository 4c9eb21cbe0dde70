-- Texts that come from outside are BLOB: they may hold any character, and
-- compare by their bytes.

CREATE TABLE scim_resources (
	seq            INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant         BLOB NOT NULL,
	connection     BLOB NOT NULL,
	type           TEXT NOT NULL,
	id             BLOB NOT NULL,
	revision       INTEGER NOT NULL, -- grows with every write to the resource or its links
	user_name      BLOB, -- keys; NULL if there is no value
	external_id    BLOB,
	display_name   BLOB,
	user_unique    INTEGER, -- 1 if no other resource may have the user_name, else NULL
	display_unique INTEGER, -- likewise for the display_name
	created        INTEGER, -- nanoseconds since 1970
	modified       INTEGER,
	cut            INTEGER NOT NULL, -- 1 if a key or time of the row is not the whole value
	display        BLOB NOT NULL, -- displayName as it is written
	body           BLOB NOT NULL  -- the stored form of the resource
);

CREATE UNIQUE INDEX scim_resources_id ON scim_resources (tenant, connection, type, id);

-- Rows whose user_unique is NULL are no rivals of each other.
CREATE UNIQUE INDEX scim_resources_user_name ON scim_resources (tenant, connection, type, user_name, user_unique);

CREATE UNIQUE INDEX scim_resources_unique_display ON scim_resources (tenant, connection, type, display_name) WHERE display_unique = 1;

CREATE INDEX scim_resources_external_id ON scim_resources (tenant, connection, type, external_id, seq);

CREATE INDEX scim_resources_display_name ON scim_resources (tenant, connection, type, display_name, seq);

CREATE INDEX scim_resources_modified ON scim_resources (tenant, connection, type, modified, seq);

CREATE INDEX scim_resources_seq ON scim_resources (tenant, connection, type, seq);

CREATE INDEX scim_resources_cut ON scim_resources (tenant, connection, type) WHERE cut = 1;

-- One row for each element of emails and phoneNumbers, and for each further
-- attribute that is unique.
CREATE TABLE scim_values (
	tenant     BLOB NOT NULL,
	connection BLOB NOT NULL,
	type       TEXT NOT NULL,
	seq        INTEGER NOT NULL, -- of the resource
	path       TEXT NOT NULL,
	pos        INTEGER NOT NULL, -- of the element
	key        BLOB, -- NULL if the element has no value
	kind       BLOB, -- key of the element's type, NULL if it has none
	is_unique  INTEGER NOT NULL,
	PRIMARY KEY (tenant, connection, seq, path, pos)
) WITHOUT ROWID;

CREATE INDEX scim_values_key ON scim_values (tenant, connection, type, path, key, kind, seq);

CREATE UNIQUE INDEX scim_values_unique ON scim_values (tenant, connection, type, path, key) WHERE is_unique = 1;

-- One row for each member of a group.
CREATE TABLE scim_links (
	tenant     BLOB NOT NULL,
	connection BLOB NOT NULL,
	owner      INTEGER NOT NULL, -- seq of the resource that has the link
	value      BLOB NOT NULL, -- id of the resource that it refers to
	type       BLOB NOT NULL,
	display    BLOB NOT NULL,
	PRIMARY KEY (tenant, connection, owner, value)
) WITHOUT ROWID;

CREATE INDEX scim_links_value ON scim_links (tenant, connection, value, owner);

-- The change feed. A scope's row in scim_feeds is locked from the change to
-- the commit, so that a reader never sees a number before a lower one.
CREATE TABLE scim_feeds (
	tenant     BLOB NOT NULL,
	connection BLOB NOT NULL,
	last       INTEGER NOT NULL, -- number of the newest change
	PRIMARY KEY (tenant, connection)
) WITHOUT ROWID;

CREATE TABLE scim_changes (
	tenant     BLOB NOT NULL,
	connection BLOB NOT NULL,
	seq        INTEGER NOT NULL,
	payload    BLOB NOT NULL, -- JSON
	PRIMARY KEY (tenant, connection, seq)
) WITHOUT ROWID;

-- What SQLite's planner has to know: tenant, connection and type choose most
-- rows, and what follows them in an index few. Without it, it takes an index
-- for its order and reads all rows. A later ANALYZE puts facts in its place.
ANALYZE;

DELETE FROM sqlite_stat1 WHERE tbl LIKE 'scim_%';

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('scim_resources', 'scim_resources_id', '100000 50000 50000 25000 1'),
	('scim_resources', 'scim_resources_user_name', '100000 50000 50000 25000 1 1'),
	('scim_resources', 'scim_resources_unique_display', '1000 500 500 500 1'),
	('scim_resources', 'scim_resources_external_id', '100000 50000 50000 25000 2 1'),
	('scim_resources', 'scim_resources_display_name', '100000 50000 50000 25000 2 1'),
	('scim_resources', 'scim_resources_modified', '100000 50000 50000 25000 4 1'),
	('scim_resources', 'scim_resources_seq', '100000 50000 50000 25000 1'),
	('scim_resources', 'scim_resources_cut', '10 5 5 5'),
	('scim_values', 'scim_values', '200000 100000 100000 2 2 1'),
	('scim_values', 'scim_values_key', '200000 100000 100000 100000 50000 2 2 1'),
	('scim_values', 'scim_values_unique', '1000 500 500 500 500 1'),
	('scim_links', 'scim_links', '100000 50000 50000 50 1'),
	('scim_links', 'scim_links_value', '100000 50000 50000 5 1');

ANALYZE sqlite_schema;

-- Texts that come from outside are BYTEA: they may hold any character, and
-- compare by their bytes whatever the collation of the database is.

CREATE TABLE scim_resources (
	seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant         BYTEA NOT NULL,
	connection     BYTEA NOT NULL,
	type           TEXT COLLATE "C" NOT NULL,
	id             BYTEA NOT NULL,
	revision       BIGINT NOT NULL, -- grows with every write to the resource or its links
	user_name      BYTEA, -- keys; NULL if there is no value
	external_id    BYTEA,
	display_name   BYTEA,
	user_unique    SMALLINT, -- 1 if no other resource may have the user_name, else NULL
	display_unique SMALLINT, -- likewise for the display_name
	created        BIGINT, -- nanoseconds since 1970
	modified       BIGINT,
	cut            SMALLINT NOT NULL, -- 1 if a key or time of the row is not the whole value
	display        BYTEA NOT NULL, -- displayName as it is written
	body           BYTEA NOT NULL  -- the stored form of the resource
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
	tenant     BYTEA NOT NULL,
	connection BYTEA NOT NULL,
	type       TEXT COLLATE "C" NOT NULL,
	seq        BIGINT NOT NULL, -- of the resource
	path       TEXT COLLATE "C" NOT NULL,
	pos        INTEGER NOT NULL, -- of the element
	key        BYTEA, -- NULL if the element has no value
	kind       BYTEA, -- key of the element's type, NULL if it has none
	is_unique  SMALLINT NOT NULL,
	PRIMARY KEY (tenant, connection, seq, path, pos)
);

CREATE INDEX scim_values_key ON scim_values (tenant, connection, type, path, key, kind, seq);

CREATE UNIQUE INDEX scim_values_unique ON scim_values (tenant, connection, type, path, key) WHERE is_unique = 1;

-- One row for each member of a group.
CREATE TABLE scim_links (
	tenant     BYTEA NOT NULL,
	connection BYTEA NOT NULL,
	owner      BIGINT NOT NULL, -- seq of the resource that has the link
	value      BYTEA NOT NULL, -- id of the resource that it refers to
	type       BYTEA NOT NULL,
	display    BYTEA NOT NULL,
	PRIMARY KEY (tenant, connection, owner, value)
);

CREATE INDEX scim_links_value ON scim_links (tenant, connection, value, owner);

-- The change feed. A scope's row in scim_feeds is locked from the change to
-- the commit, so that a reader never sees a number before a lower one.
CREATE TABLE scim_feeds (
	tenant     BYTEA NOT NULL,
	connection BYTEA NOT NULL,
	last       BIGINT NOT NULL, -- number of the newest change
	PRIMARY KEY (tenant, connection)
);

CREATE TABLE scim_changes (
	tenant     BYTEA NOT NULL,
	connection BYTEA NOT NULL,
	seq        BIGINT NOT NULL,
	payload    BYTEA NOT NULL, -- JSON
	PRIMARY KEY (tenant, connection, seq)
);

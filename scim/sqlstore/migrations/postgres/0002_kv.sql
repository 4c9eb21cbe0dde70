-- Opaque values by key, for tokens and for the state of engines.

CREATE TABLE scim_kv (
	space BYTEA NOT NULL, -- namespace
	tab   BYTEA NOT NULL, -- table in it
	key   BYTEA NOT NULL,
	value BYTEA NOT NULL,
	PRIMARY KEY (space, tab, key)
);

-- One row for each lease that was ever granted. It stays, so that its token
-- grows for ever.
CREATE TABLE scim_leases (
	space   BYTEA NOT NULL,
	tab     BYTEA NOT NULL,
	name    BYTEA NOT NULL,
	token   BIGINT NOT NULL, -- number of the grant
	expires BIGINT NOT NULL, -- milliseconds since 1970 by the database's clock; 0 if it is free
	holder  TEXT NOT NULL,
	PRIMARY KEY (space, tab, name)
);

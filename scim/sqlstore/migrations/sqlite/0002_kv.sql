-- Opaque values by key, for tokens and for the state of engines.

CREATE TABLE scim_kv (
	space BLOB NOT NULL, -- namespace
	tab   BLOB NOT NULL, -- table in it
	key   BLOB NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (space, tab, key)
);

-- One row for each lease that was ever granted. It stays, so that its token
-- grows for ever.
CREATE TABLE scim_leases (
	space   BLOB NOT NULL,
	tab     BLOB NOT NULL,
	name    BLOB NOT NULL,
	token   INTEGER NOT NULL, -- number of the grant
	expires INTEGER NOT NULL, -- milliseconds since 1970 by the database's clock; 0 if it is free
	holder  TEXT NOT NULL,
	PRIMARY KEY (space, tab, name)
) WITHOUT ROWID;

package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/zohoscim/zohoscim/scim/directory"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// openDirectory opens the directory whose settings are in a file, over a
// table directory_users in the database that -store names. The table is made
// with a column for each field of the settings.
func openDirectory(ctx context.Context, storeName, file string, log *slog.Logger) (d *directory.Directory, closeStore func() error, err error) {
	settings, err := directory.LoadSettings(file)
	if err != nil {
		return nil, nil, fmt.Errorf("-directory: %w", err)
	}
	driver, source, dialect, err := database(storeName)
	if err != nil {
		return nil, nil, fmt.Errorf("with -directory: %w", err)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, nil, fmt.Errorf("-store: %w", err)
	}
	limitConnections(db)
	if d, err = directoryOver(ctx, db, dialect, settings, log); err != nil {
		return nil, nil, fmt.Errorf("-directory: %w", closeAfter(db, err))
	}
	return d, db.Close, nil
}

func directoryOver(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect, settings *directory.Settings, log *slog.Logger) (*directory.Directory, error) {
	if err := directory.Migrate(ctx, db, dialect); err != nil {
		return nil, err
	}
	// NewTable and New refuse names that are no plain ones, before SQL sees them.
	table, err := directory.NewTable(db, "directory_users", &directory.TableOptions{
		UserName: "user_name", Email: "email", Password: "password_hash", HashPassword: hashPassword, KeyIsID: true,
	})
	if err != nil {
		return nil, err
	}
	options := &directory.Options{Logger: log}
	if dir := os.Getenv("SCIM_MAIL_DIR"); dir != "" {
		options.Notifier = mailFolder(dir)
	} else if to := settings.PasswordNotification.To; to != "" && to != directory.Nobody {
		return nil, errors.New("set SCIM_MAIL_DIR to the folder for messages that the settings ask for")
	}
	d, err := directory.New(db, dialect, table, settings, options)
	if err != nil {
		return nil, err
	}
	columns := []string{"id TEXT PRIMARY KEY", "user_name TEXT NOT NULL UNIQUE", "email TEXT", "active BOOLEAN NOT NULL", "password_hash TEXT"}
	for _, a := range settings.Attributes {
		columns = append(columns, `"`+a.Field+`" TEXT`)
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS directory_users ("+strings.Join(columns, ", ")+")")
	return d, err
}

// hashPassword keeps a password as services should: slow to guess.
func hashPassword(password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	key, err := pbkdf2.Key(sha256.New, password, salt, 600_000, 32)
	return "pbkdf2-sha256$600000$" + hex.EncodeToString(salt) + "$" + hex.EncodeToString(key), err
}

// mailFolder is a notifier that writes messages into a folder for a mail
// server to take; the name is the same when one is sent again.
type mailFolder string

// Notify implements [directory.Notifier].
func (m mailFolder) Notify(_ context.Context, n directory.Notification) error {
	text := fmt.Sprintf("To: %s\r\nSubject: Your new account\r\nMessage-ID: <%s@scimserver>\r\n\r\nUser name: %s\r\nOne-time password: %s\r\n",
		n.Address, n.ID, n.UserName, n.Password.Reveal())
	name := filepath.Join(string(m), n.ID+".eml")
	if err := os.WriteFile(name+".part", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

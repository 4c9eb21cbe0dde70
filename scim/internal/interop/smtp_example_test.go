package interop_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/wneessen/go-mail"
	_ "modernc.org/sqlite"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/directory"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// mailer is a directory.Notifier that sends mail.
type mailer struct {
	client *mail.Client
	from   string
}

// Notify sends one message. Its Message-ID is the notification's, so that the
// one that comes twice after a crash can be told by mail programs too.
func (m mailer) Notify(ctx context.Context, n directory.Notification) error {
	msg := mail.NewMsg()
	if err := msg.From(m.from); err != nil {
		return err
	}
	if err := msg.To(n.Address); err != nil {
		return err
	}
	msg.Subject("Your new account")
	msg.SetMessageIDWithValue(n.ID + "@example.com")
	msg.SetBodyString(mail.TypeTextPlain, "User name: "+n.UserName+"\nOne-time password: "+n.Password.Reveal()+"\n")
	return m.client.DialAndSendWithContext(ctx, msg)
}

// A directory whose notifications go out by mail.
func Example_notifier() {
	ctx := context.Background()
	inbox, port, stop := mailServer(ctx)
	defer stop()
	// In production: mail.WithTLSPolicy(mail.TLSMandatory), and a login.
	client, err := mail.NewClient("127.0.0.1", mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("localhost"))
	if err != nil {
		log.Fatal(err)
	}
	db, done := openUsers(ctx)
	defer done()
	users, err := directory.NewTable(db, "users", &directory.TableOptions{
		Email: "mail", Password: "hash", HashPassword: func(string) (string, error) { return "a slow hash", nil },
	})
	if err != nil {
		log.Fatal(err)
	}
	d, err := directory.New(db, sqlstore.SQLite, users, &directory.Settings{
		PasswordNotification: directory.PasswordNotification{To: directory.User},
		VerifiedDomains:      []string{"example.com"},
	}, &directory.Options{Notifier: mailer{client, "accounts@example.com"}})
	if err != nil {
		log.Fatal(err)
	}
	token, err := scim.NewStaticToken(scim.NewSecret("0123456789abcdef"), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		log.Fatal(err)
	}
	server, err := scim.NewServer(d, auth, &scim.ServerOptions{Types: d.Types()})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/Users", strings.NewReader(`{"userName":"user1@example.com"}`))
	r.Header.Set("Authorization", "Bearer 0123456789abcdef")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	fmt.Println("created:", w.Code)

	sent, err := d.Deliver(ctx) // a service calls d.Run in a goroutine of its own
	fmt.Println("delivered:", sent, err)
	message := <-inbox
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(message.data))).ReadMIMEHeader()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("to:", message.to, header.Get("Subject"))
	fmt.Println("password in it:", bytes.Contains(message.data, []byte("One-time password: ")))
	// Output:
	// created: 201
	// delivered: 1 <nil>
	// to: user1@example.com Your new account
	// password in it: true
}

// message is what the mail server took.
type message struct {
	to   string
	data []byte
}

// mailServer runs a mail server of github.com/emersion/go-smtp.
func mailServer(ctx context.Context) (inbox chan message, port int, stop func()) {
	inbox = make(chan message, 1)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{inbox: inbox}, nil }))
	server.Domain = "localhost"
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }() // ends with stop
	return inbox, listener.Addr().(*net.TCPAddr).Port, func() { _ = server.Close() }
}

// session takes one message.
type session struct {
	inbox chan message
	to    string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err == nil {
		s.inbox <- message{s.to, data}
	}
	return err
}

// openUsers makes a service's table of users.
func openUsers(ctx context.Context) (db *sql.DB, done func()) {
	dir, err := os.MkdirTemp("", "directory")
	if err != nil {
		log.Fatal(err)
	}
	db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "service.db")))
	if err != nil {
		log.Fatal(err)
	}
	if err := directory.Migrate(ctx, db, sqlstore.SQLite); err != nil {
		log.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, active INTEGER NOT NULL, hash TEXT)"); err != nil {
		log.Fatal(err)
	}
	return db, func() {
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}
}

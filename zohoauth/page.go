package zohoauth

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// message is the text of a page in one language.
type message struct{ Title, Text string }

// outcomes of a consent, as the user sees them.
type pageID int

const (
	pageDone pageID = iota
	pageDenied
	pageRestart
	pageDataCenter
	pageSetup
	pageLater
)

// A language of the pages.
type language struct {
	tag    string
	link   string
	pages  [6]message
	prefix string // of the matching tags in Accept-Language
}

// languages has the default first.
var languages = [2]language{
	{tag: "en", prefix: "en", link: "Continue", pages: [6]message{
		pageDone:       {"Connected to Zoho", "The connection is set up. You can close this window."},
		pageDenied:     {"Not connected", "Access was refused at Zoho, so nothing was changed. Start again if that was a mistake."},
		pageRestart:    {"Please start again", "This link was used before, has expired, or was opened in another browser. Start the connection again."},
		pageDataCenter: {"Another data center", "Your Zoho account is in another data center than the one that this service expects. Ask its administrator to choose yours."},
		pageSetup:      {"Not connected", "Zoho did not accept how this service is set up. Ask its administrator to look at its log."},
		pageLater:      {"Not connected", "Zoho or this service could not finish. Wait a few minutes and start again."},
	}},
	{tag: "ja", prefix: "ja", link: "続ける", pages: [6]message{
		pageDone:       {"Zohoに接続しました", "接続の設定が完了しました。このウィンドウを閉じてください。"},
		pageDenied:     {"接続されていません", "Zohoでアクセスが拒否されたため、何も変更されていません。間違えた場合は、もう一度はじめからやり直してください。"},
		pageRestart:    {"もう一度やり直してください", "このリンクは使用済みか、有効期限が切れているか、別のブラウザーで開かれています。接続をもう一度開始してください。"},
		pageDataCenter: {"データセンターが異なります", "お使いのZohoアカウントのデータセンターは、このサービスの設定と異なります。サービスの管理者に、データセンターの変更を依頼してください。"},
		pageSetup:      {"接続されていません", "このサービスの設定がZohoに受け付けられませんでした。サービスの管理者に、ログの確認を依頼してください。"},
		pageLater:      {"接続されていません", "Zohoまたはこのサービスで処理を完了できませんでした。数分後にもう一度お試しください。"},
	}},
}

// failure returns status and page for a kind of error.
func failure(k Kind) (status int, p pageID) {
	switch k {
	case KindAccessDenied:
		return http.StatusForbidden, pageDenied
	case KindState, KindCallback, KindCodeRejected, KindCanceled:
		return http.StatusBadRequest, pageRestart
	case KindWrongDataCenter:
		return http.StatusBadRequest, pageDataCenter
	case KindForeignHost:
		return http.StatusBadRequest, pageSetup
	case KindConfig, KindInvalidClient, KindMissingScope, KindNoRefreshToken, KindRefused:
		return http.StatusBadGateway, pageSetup
	case KindStore, KindInsecureStore:
		return http.StatusInternalServerError, pageLater
	}
	return http.StatusBadGateway, pageLater
}

const pageStyle = `body{font:1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;color:#222;background:#fff}h1{font-size:1.5rem}`

var callbackPage = template.Must(template.New("callback").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><style>` + pageStyle + `</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{with .Return}}<p><a href="{{.}}">{{$.Link}}</a></p>{{end}}</main></body></html>
`))

// pagePolicy lets the page's own style apply, and nothing else load or run
// (Content Security Policy Level 3).
func pagePolicy() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// page answers with a page in the browser's language. Its address holds the code
// and the state, so it is neither kept nor told to anyone.
func (h *Handler) page(w http.ResponseWriter, r *http.Request, status int, p pageID) {
	l := pickLanguage(r.Header.Get("Accept-Language"))
	hd := w.Header()
	hd.Set("Content-Type", "text/html; charset=utf-8")
	hd.Set("Content-Language", l.tag)
	hd.Set("Vary", "Accept-Language")
	hd.Set("Cache-Control", "no-store")
	hd.Set("Referrer-Policy", "no-referrer")
	hd.Set("X-Content-Type-Options", "nosniff")
	hd.Set("X-Frame-Options", "DENY")
	hd.Set("Content-Security-Policy", pagePolicy())
	w.WriteHeader(status)
	// It fails only if the browser went away.
	_ = callbackPage.Execute(w, map[string]string{
		"Lang": l.tag, "Title": l.pages[p].Title, "Text": l.pages[p].Text, "Link": l.link, "Return": h.opts.Return,
	})
}

// pickLanguage returns the language of Accept-Language with the highest weight
// (RFC 9110 section 12.5.4), the first one in doubt.
func pickLanguage(header string) *language {
	best, weight := &languages[0], 0.0
	if len(header) > 1000 {
		return best
	}
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				continue
			}
			q = f
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		for i := range languages {
			if languages[i].prefix == primary && q > weight {
				best, weight = &languages[i], q
			}
		}
	}
	return best
}

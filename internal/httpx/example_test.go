package httpx_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/internal/httpx"
)

func ExampleClient_Do() {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		io.Copy(w, r.Body)
	}))
	defer srv.Close()

	client, err := httpx.New(&httpx.Options{Client: srv.Client(), MinWait: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	req, err := http.NewRequest(http.MethodPost, srv.URL+"/Users", strings.NewReader(`{"userName":"user1"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req, httpx.IfRefused)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(calls, resp.StatusCode, string(body), err)
	// Output: 2 200 {"userName":"user1"} <nil>
}

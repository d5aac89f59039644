package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"time"
)

// Delay waits for d, then serves. When the client goes away earlier it serves at
// once, unheard: a slow system carries out what it has received all the same.
func Delay(d time.Duration) Effect {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		receive(r)
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			r = r.WithContext(context.WithoutCancel(r.Context()))
		}
		next.ServeHTTP(w, r)
	}
}

// Answer answers in place of the system, which never sees the request. A body
// without a Content-Type among the headers is JSON.
func Answer(status int, header http.Header, body string) Effect {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		receive(r)
		maps.Copy(w.Header(), header.Clone())
		if body != "" && w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// DropReply serves fully, then closes the connection without an answer.
func DropReply() Effect {
	return func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&kept{header: http.Header{}}, r)
		panic(http.ErrAbortHandler) // how net/http is told to close the connection
	}
}

// Cut closes the connection without serving. On a connection that was in use
// before, Go's client repeats a read by itself, once: cut more often than that to
// make a read fail.
func Cut() Effect {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// Hang never answers, until the client goes away.
func Hang() Effect {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		receive(r)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// Page answers with a sign-in page, status 200, in place of the system.
func Page() Effect {
	return Answer(http.StatusOK, http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		"<!DOCTYPE html><html><body><form>Sign in</form></body></html>")
}

// Garble serves, then sends the first half of the answer: a complete HTTP
// response whose JSON is cut off. An answer without a body gets a broken one.
func Garble() Effect {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		whole := &kept{header: http.Header{}}
		next.ServeHTTP(whole, r)
		body := whole.body.Bytes()[:whole.body.Len()/2]
		if len(bytes.TrimSpace(body)) == 0 || json.Valid(body) {
			body = []byte(`{"`)
		}
		maps.Copy(w.Header(), whole.header)
		w.Header().Del("Content-Length")
		w.Header().Set("Content-Type", "application/json")
		status := whole.status
		if status == 0 || status == http.StatusNoContent || status == http.StatusNotModified {
			status = http.StatusOK
		}
		w.WriteHeader(status)
		w.Write(body)
	}
}

// receive takes the body off the wire and leaves it to be read. net/http notices
// that a client has gone only once the body is in.
func receive(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// kept is an answer that does not leave the house.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	if k.status == 0 && status >= 200 {
		k.status = status
	}
}

func (k *kept) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(b)
}

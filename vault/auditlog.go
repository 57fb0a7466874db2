package vault

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/embedvault/embedvault/internal/jsonwire"
)

// AuditLog writes events as the service's diagnostic log does: one JSON object a line, category AuditEvent. Its Record is
// an Options.Audit. A denial is told in resultDescription, in the words that the caller was told.
type AuditLog struct {
	mu  sync.Mutex
	to  io.Writer
	buf jsonwire.Writer
	err error
}

// NewAuditLog returns a log that writes each line with one Write.
func NewAuditLog(to io.Writer) *AuditLog { return &AuditLog{to: to} }

// Err returns the first error of the writer. Nothing is written after it.
func (l *AuditLog) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Record writes a line. It is safe for concurrent use.
func (l *AuditLog) Record(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return
	}
	l.buf.Buf = l.buf.Buf[:0]
	e.appendLog(&l.buf)
	l.buf.Buf = append(l.buf.Buf, '\n')
	_, l.err = l.to.Write(l.buf.Buf)
}

// appendLog appends the event in the order of the service's records.
func (e *Event) appendLog(w *jsonwire.Writer) {
	w.Open('{')
	w.Name("time")
	w.Quoted(func(b []byte) []byte { return e.Time.UTC().AppendFormat(b, time.RFC3339Nano) })
	member(w, "resourceId", e.set.logged)
	member(w, "operationName", string(e.Operation))
	member(w, "operationVersion", e.Request.APIVersion)
	member(w, "category", "AuditEvent")
	result, description := "Success", ""
	if e.Err != nil {
		result, description = "Failed", e.Err.Error()
	}
	member(w, "resultType", result)
	member(w, "resultSignature", http.StatusText(e.Status))
	member(w, "resultDescription", description)
	w.Name("durationMs")
	w.Quoted(func(b []byte) []byte { return strconv.AppendInt(b, e.Duration().Milliseconds(), 10) })
	w.Name("callerIpAddress")
	w.Quoted(func(b []byte) []byte { return e.Source.Addr.AppendTo(b) })
	w.Name("correlationId")
	w.Quoted(e.RequestID.append)
	e.appendIdentity(w)
	e.appendProperties(w)
	w.Close('}')
}

func (e *Event) appendIdentity(w *jsonwire.Writer) {
	w.Name("identity")
	w.Open('{')
	if e.Principal != nil {
		w.Name("claim")
		w.Open('{')
		member(w, "http://schemas.microsoft.com/identity/claims/objectidentifier", e.Principal.ObjectID())
		member(w, "appid", e.Principal.AppID())
		w.Close('}')
	}
	w.Close('}')
}

func (e *Event) appendProperties(w *jsonwire.Writer) {
	w.Name("properties")
	w.Open('{')
	member(w, "clientInfo", e.Request.ClientInfo)
	member(w, "requestUri", e.Request.URI)
	w.Name("id")
	w.Quoted(e.appendID)
	w.Name("httpStatusCode")
	w.Int(int64(e.Status))
	w.Close('}')
}

func member(w *jsonwire.Writer, name, value string) {
	w.Name(name)
	w.Text(value)
}

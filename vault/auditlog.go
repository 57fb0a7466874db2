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
	buf []byte
	err error
}

// NewAuditLog returns a log that writes each line with one Write. It neither syncs nor rotates what it writes to. When a
// write fails, requests go on and are no longer logged: look at [AuditLog.Err]. The writer is called under a mutex of the log,
// and must not call the vault.
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
	l.buf = append(e.appendLog(l.buf[:0]), '\n')
	_, l.err = l.to.Write(l.buf)
}

// appendLog appends the event in the order of the service's records.
func (e *Event) appendLog(b []byte) []byte {
	said := e.Request()
	b = e.Time.UTC().AppendFormat(append(b, `{"time":"`...), time.RFC3339Nano)
	b = append(append(b, `","resourceId":`...), e.set.logged...)
	b = append(append(b, `,"operationName":"`...), e.Operation...)
	b = jsonwire.AppendString(append(b, `","operationVersion":`...), said.APIVersion)
	b = e.appendResult(append(b, `,"category":"AuditEvent","resultType":"`...))
	b = strconv.AppendInt(append(b, `,"durationMs":"`...), e.Duration.Milliseconds(), 10)
	b = e.Source.Addr.AppendTo(append(b, `","callerIpAddress":"`...))
	b = e.RequestID.append(append(b, `","correlationId":"`...))
	b = append(b, `","identity":{`...)
	if p := e.Principal; p != nil {
		b = append(b, `"claim":{"http://schemas.microsoft.com/identity/claims/objectidentifier":`...)
		b = jsonwire.AppendString(b, p.ObjectID())
		b = jsonwire.AppendString(append(b, `,"appid":`...), p.AppID())
		if name := p.DisplayName(); name != "" {
			b = jsonwire.AppendString(append(b, `,"name":`...), name)
		}
		b = append(b, '}')
	}
	b = jsonwire.AppendString(append(b, `},"properties":{"clientInfo":`...), said.ClientInfo)
	b = jsonwire.AppendString(append(b, `,"requestUri":`...), said.URI)
	b = e.appendID(append(b, `,"id":"`...))
	b = strconv.AppendInt(append(b, `","httpStatusCode":`...), int64(e.Status), 10)
	return append(b, '}', '}')
}

// appendResult appends how the request ended: a type, the reason phrase of its status, and what the caller was told.
func (e *Event) appendResult(b []byte) []byte {
	if e.Err == nil {
		return append(append(append(b, `Success","resultSignature":"`...), http.StatusText(e.Status)...), `","resultDescription":""`...)
	}
	b = append(append(append(b, `Failed","resultSignature":"`...), http.StatusText(e.Status)...), `","resultDescription":`...)
	return jsonwire.AppendString(b, e.Err.Error())
}

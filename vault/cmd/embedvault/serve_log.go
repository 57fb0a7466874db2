package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// maxLogged bounds a text of a client in the log, in bytes.
const maxLogged = 256

// requestLog writes a line for each request: who, what and the answer, and no value, key or token.
type requestLog struct {
	log *slog.Logger
	off bool
}

// note writes the line of a request to a vault.
func (l requestLog) note(e vault.Event) {
	if l.off {
		return
	}
	line := []slog.Attr{
		slog.String("operation", string(e.Operation)), slog.String(container(e.Product), e.Vault), slog.String("name", clip(e.Name)),
		slog.Int("status", e.Status), slog.Duration("took", e.Duration),
	}
	if e.Principal != nil {
		line = append(line, slog.String("caller", e.Principal.ObjectID()))
	}
	if e.Err != nil {
		line = append(line, refusal(e.Err)...)
	}
	l.log.LogAttrs(context.Background(), slog.LevelInfo, "request", line...)
}

// container is what the log calls a container.
func container(p vault.Product) string {
	if p == vault.ProductManagedHSM {
		return "hsm"
	}
	return "vault"
}

// refusal says why a request was refused: the code, and for a missing right or a bad token what would have helped.
func refusal(err error) []slog.Attr {
	var line []slog.Attr
	if e, ok := errors.AsType[*errs.Error](err); ok {
		line = append(line, slog.String("code", string(e.Code)))
	}
	if d, ok := errors.AsType[policy.Decision](err); ok {
		line = append(line, slog.String("why", d.Error()))
	} else if f, ok := errors.AsType[*identity.Failure](err); ok {
		line = append(line, slog.String("why", f.Error()))
	}
	return line
}

func clip(s string) string { return s[:min(len(s), maxLogged)] }

// other writes the line of a request that is not for a vault: for a token, or for what does not exist.
func (l requestLog) other(r *http.Request, status int) {
	if l.off {
		return
	}
	l.log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("method", clip(r.Method)), slog.String("host", clip(r.Host)), slog.String("path", clip(r.URL.Path)),
		slog.Int("status", status))
}

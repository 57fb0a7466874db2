package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// shutdownTime is how long requests may take to end when the server stops.
const shutdownTime = 3 * time.Second

// console is what a command reads and writes besides its arguments.
type console struct {
	out, diag io.Writer
	environ   []string
}

// serve serves vaults until it is told to stop by a signal or ctx.
func serve(ctx context.Context, args []string, c console) error {
	s, err := parse("serve", args, settings{listen: "127.0.0.1:8443", proxy: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	if len(s.command) > 0 {
		return usageError{errors.New("serve takes no arguments; to start a program, use run")}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(c.diag, nil))
	site, err := openSite(ctx, s, c.environ, log)
	if err != nil {
		return err
	}
	if err := site.publish(s.env, c); err != nil {
		return errors.Join(err, site.close())
	}
	log.Info("serving", append([]any{"listen", site.access.Addr, "proxy", site.access.Proxy}, s.addresses()...)...)
	if s.env == "" {
		log.Info("AZURE_CLIENT_SECRET is not printed: say -env FILE or -env -")
	}
	<-ctx.Done()
	stop() // a second signal ends the program at once
	log.Info("stopping")
	return site.close()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// The statuses of a shell for a program that cannot be started, and for one that a signal ended.
const (
	notExecutable = 126
	notFound      = 127
	signalled     = 128
)

// exitError says with which status to end. Of a program that ran there is nothing more to say: then why is nil.
type exitError struct {
	status int
	why    error
}

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", e.status) }
func (e exitError) Unwrap() error { return e.why }

// runProgram serves vaults on free ports as long as a program runs, which finds them by its environment.
func runProgram(ctx context.Context, args []string, c console) error {
	s, err := parse("run", args, settings{listen: "127.0.0.1:0", proxy: "127.0.0.1:0", egress: true})
	if err != nil {
		return err
	}
	if len(s.command) == 0 {
		return usageError{errors.New("run wants a program: embedvault run [flags] -- CMD")}
	}
	if s.env == stdout {
		return usageError{errors.New("run gives its output to the program: -env wants a file")}
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	site, err := openSite(ctx, s, c.environ, slog.New(slog.NewTextHandler(c.diag, nil)))
	if err != nil {
		return err
	}
	defer site.close()
	if s.env != "" {
		if err := site.publish(s.env, console{io.Discard, c.diag, c.environ}); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(c.environ[:len(c.environ):len(c.environ)], site.access.Variables(c.environ)...)
	return await(cmd, signals)
}

// await runs a program to its end, and hands it the signals that come. Its errors are exitErrors, with a reason if
// the program could not be started.
func await(cmd *exec.Cmd, signals <-chan os.Signal) error {
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return exitError{notFound, err}
		}
		return exitError{notExecutable, err}
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt || !isTerminal(os.Stdin) {
				cmd.Process.Signal(s)
			}
		case err := <-ended:
			return status(err)
		}
	}
}

// status is how a program ended.
func status(err error) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return exitError{signalled + int(w.Signal()), nil}
	}
	return exitError{exit.ExitCode(), nil}
}

// isTerminal tells whether a file is a terminal: then it interrupts the program by itself, and once is enough.
func isTerminal(f *os.File) bool {
	is, err := f.Stat()
	if err != nil || is.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(is, null)
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// maxFile is the largest file that the demo takes, in bytes: it is encrypted in one piece.
const maxFile = 1 << 30

// demo runs the whole demonstration and prints its table. It fails when a step went otherwise than it should.
func demo(ctx context.Context, args []string, out io.Writer) error {
	path, dir, err := demoArguments(args)
	if err != nil {
		return err
	}
	content, err := readFile(path)
	if err != nil {
		return err
	}
	files, err := newFolder(dir)
	if err != nil {
		return err
	}
	d, err := newDemonstration(ctx, content, files)
	if err != nil {
		return err
	}
	d.sign()
	d.encrypt()
	d.keepSecret()
	d.beRefused()
	if err := d.table.print(out); err != nil {
		return err
	}
	return errors.Join(d.table.failure(), files.failure())
}

// demoArguments reads the arguments; the flag may stand before or after the file. Its errors are usageErrors, or
// flag.ErrHelp.
func demoArguments(args []string) (path, dir string, err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&dir, "out", "", "leave signatures, public keys, ciphertext and wrapped key in `DIR`")
	var paths []string
	for {
		if err := flags.Parse(args); err != nil {
			return "", "", misused(err)
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		paths, args = append(paths, args[0]), args[1:]
	}
	if len(paths) != 1 {
		return "", "", usageError{errors.New("demo wants one file: embedvault demo [-out DIR] FILE")}
	}
	return paths[0], dir, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return os.ReadFile(path)
}

// demonstration is a service with one vault, on a clock that can be put forward.
type demonstration struct {
	ctx     context.Context
	content []byte
	files   *folder
	table   *table
	ahead   atomic.Int64 // how far the clock is ahead of the system's, in nanoseconds
	tenant  *identity.Tenant
	app     *identity.Application // a caller that is not the owner
	vault   *vault.Vault
	owner   *vault.Client
}

func newDemonstration(ctx context.Context, content []byte, files *folder) (*demonstration, error) {
	d := &demonstration{ctx: ctx, content: content, files: files, table: new(table)}
	now := func() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }
	d.tenant = identity.New(&identity.Options{Now: now})
	app, err := d.tenant.NewApplication("app", nil)
	if err != nil {
		return nil, err
	}
	d.app = app
	svc, err := vault.New(&vault.Options{Now: now, Tenant: d.tenant})
	if err != nil {
		return nil, err
	}
	if d.vault, err = svc.Vault(ctx, "contoso"); err != nil {
		return nil, err
	}
	d.owner = d.vault.As(vault.Owner())
	return d, nil
}

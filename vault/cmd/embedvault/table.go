package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/embedvault/embedvault/errs"
)

// table is what the demo prints: a line a step.
type table struct {
	lines    []line
	failures []error
}

type line struct {
	step, code, note string
	status           int
	took             time.Duration
}

// do carries out a step that must succeed.
func (t *table) do(step string, f func() (note string, err error)) {
	t.expect(step, nil, f)
}

// expect carries out a step that must end with an error that matches want; nil means success.
func (t *table) expect(step string, want error, f func() (note string, err error)) {
	start := time.Now()
	note, err := f()
	l := line{step: step, note: note, status: errs.StatusOf(err), code: "-", took: time.Since(start)}
	var e *errs.Error
	if errors.As(err, &e) {
		if l.code = string(e.Code); e.Inner != "" {
			l.code += "/" + string(e.Inner)
		}
	}
	t.lines = append(t.lines, l)
	if !errors.Is(err, want) {
		t.failures = append(t.failures, fmt.Errorf("%s: %w", step, errors.Join(err, errUnexpected)))
	}
}

var errUnexpected = errors.New("this should have gone otherwise")

// failure returns what went otherwise than it should.
func (t *table) failure() error { return errors.Join(t.failures...) }

func (t *table) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STEP\tSTATUS\tCODE\tTIME\tNOTE")
	for _, l := range t.lines {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", l.step, l.status, l.code, l.took.Round(time.Microsecond), l.note)
	}
	return w.Flush()
}

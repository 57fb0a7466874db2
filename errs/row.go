package errs

import (
	"strconv"
	"strings"
)

// Grade tells how a row is known. A greater grade is better evidence.
type Grade uint8

// The grades.
const (
	Inferred Grade = iota // written in the service's form; the evidence is silent or partial
	Doc                   // stated by the service's documentation
	Issue                 // quoted by a user of the service in public
	Recorded              // seen in a recorded answer of the service
)

var gradeNames = [...]string{Inferred: "inferred", Doc: "doc", Issue: "issue", Recorded: "recorded"}

// String gives the grade in lower case.
func (g Grade) String() string {
	if int(g) < len(gradeNames) {
		return gradeNames[g]
	}
	return "Grade(" + strconv.Itoa(int(g)) + ")"
}

// container tells which product answers with a row.
type container uint8

const (
	vaultOnly container = iota
	managedHSM
	both
)

// row is one line of the catalogue: what is sent, when, and how that is known.
type row struct {
	id        string // stable, lower case with hyphens
	status    int
	code      Code   // "" in a row that only describes an answer without JSON
	inner     Code   // "" when the member is absent
	template  string // the message, with {placeholders}
	plain     string // what the body is when it is not JSON, in words
	nullInner bool   // whether the body has an innererror that is null, before the message
	container container
	grade     Grade
	twin      *row // how a Managed HSM says the same; nil: with the same text
	when      string
}

// new makes an Error of r, with pairs of placeholder and value filled in. A
// placeholder that has no value stays as it is; the text of a Managed HSM names
// no activity until ForManagedHSM gives it one.
func (r *row) new(args ...string) *Error {
	if r.container == managedHSM {
		args = append(args, "activity", noActivity)
	}
	return &Error{
		Status:  r.status,
		Code:    r.code,
		Inner:   r.inner,
		Message: fill(r.template, args),
		row:     r,
		args:    args,
		managed: r.container == managedHSM,
	}
}

// fill replaces each {placeholder} of a template by the value that follows its
// name in args; one that args does not name stays. Values are not looked at
// again, whatever braces they contain.
func fill(template string, args []string) string {
	if len(args) == 0 {
		return template
	}
	size := len(template)
	for _, s := range args {
		size += len(s)
	}
	var b strings.Builder
	b.Grow(size)
	for {
		head, rest, _ := strings.Cut(template, "{")
		b.WriteString(head)
		name, tail, ok := strings.Cut(rest, "}")
		if !ok {
			return b.String()
		}
		if v, ok := value(name, args); ok {
			b.WriteString(v)
		} else {
			b.WriteString(template[len(head) : len(template)-len(tail)])
		}
		template = tail
	}
}

// value gives what args has for the placeholder name.
func value(name string, args []string) (string, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return "", false
}

func trimCRLF(s string) string { return strings.TrimRight(s, " \r\n") }

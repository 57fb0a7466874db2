package policy

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"unicode/utf8"
)

// members is a JSON object in the order in which it is written. Values are string, bool, json.Number, nil, []any and
// members.
type members []member

type member struct {
	name  string
	value any
}

// maxDocumentDepth is what a policy of the deepest conditions needs: its own two levels, and two for each.
const maxDocumentDepth = 2*MaxReleaseDepth + 3

// readDocument reads a JSON document in which no object has a member twice, by names without regard to case.
func readDocument(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, notRelease("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	document, err := readValue(d, 1)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, notRelease("something follows it")
	}
	return document, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, notRelease("it is not JSON")
	}
	delim, ok := token.(json.Delim)
	switch {
	case !ok:
		return token, nil
	case depth > maxDocumentDepth:
		return nil, notRelease("it is nested too deeply")
	case delim == '[':
		return readList(d, depth)
	}
	return readObject(d, depth)
}

func readList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		value, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	if _, err := d.Token(); err != nil {
		return nil, notRelease("it is not JSON")
	}
	return list, nil
}

func readObject(d *json.Decoder, depth int) (any, error) {
	object, seen := members{}, map[string]bool{}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, notRelease("it is not JSON")
		}
		if seen[lower(name)] {
			return nil, notRelease("it has the member %.64q twice", name)
		}
		seen[lower(name)] = true
		value, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		object = append(object, member{name, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, notRelease("it is not JSON")
	}
	return object, nil
}

func (m members) index(name string) int {
	return slices.IndexFunc(m, func(one member) bool { return equalFold(one.name, name) })
}

func (m members) get(name string) (any, bool) {
	if i := m.index(name); i >= 0 {
		return m[i].value, true
	}
	return nil, false
}

// list is a member that is a list and not empty, if there is such a member.
func (m members) list(name string) (list []any, ok bool, err error) {
	value, ok := m.get(name)
	if !ok {
		return nil, false, nil
	}
	if list, _ = value.([]any); len(list) == 0 {
		return nil, true, notRelease("its %.64q is not a list of one or more", name)
	}
	return list, true, nil
}

// only refuses an object with members of other names.
func (m members) only(names ...string) error {
	for _, one := range m {
		if !slices.ContainsFunc(names, func(name string) bool { return equalFold(name, one.name) }) {
			return notRelease("it has a member or an operator %.64q, which is not supported there", one.name)
		}
	}
	return nil
}

func (m members) without(name string) members {
	return slices.DeleteFunc(slices.Clone(m), func(one member) bool { return equalFold(one.name, name) })
}

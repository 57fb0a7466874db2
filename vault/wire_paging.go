package vault

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// What a list is asked by.
const (
	sizeMember = "maxresults"
	nextMember = "$skiptoken"
)

func (cursor) read(r *Exchange) (in cursor, err error) {
	if text, ok := r.member(sizeMember); ok {
		size, err := strconv.ParseUint(text, 10, 8) // digits, and no sign
		if err != nil || size < 1 || size > maxPage {
			return in, errs.NewBadArgument(text, sizeMember)
		}
		in.size = int(size)
	}
	if text, ok := r.member(nextMember); ok {
		if in.after, ok = readSkipToken(text); !ok || !r.lists(in.after) {
			return in, errs.NewBadArgument(text, nextMember)
		}
	}
	return in, nil
}

// lists tells whether a list may go on after a text. Where the path names an object, its versions are listed.
func (r *Exchange) lists(after string) bool {
	if r.Name == "" {
		return true
	}
	_, ok := shelf.ParseVersionID(after)
	return ok
}

func (p page[I]) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	list(&w, "value", p.items, r)
	w.Name("nextLink")
	if p.next == "" {
		w.Buf = append(w.Buf, "null"...)
	} else {
		w.Text(r.link(p.next))
	}
	return w.end()
}

// link is the address of the page after a name: that of the request, with its port and every member of its query, and
// the token right after the api-version.
func (r *Exchange) link(after string) string {
	var b strings.Builder
	b.WriteString("https://" + r.Host)
	if i := strings.LastIndexByte(r.Host, ':'); i < strings.LastIndexByte(r.Host, ']') || i < 0 {
		b.WriteString(":443")
	}
	b.WriteString(r.Path)
	separator, token := byte('?'), nextMember+"="+skipToken(after)
	add := func(pair string) {
		b.WriteByte(separator)
		b.WriteString(pair)
		separator = '&'
	}
	for pair := range strings.SplitSeq(r.Query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name = unescaped(name)
		if pair == "" || strings.EqualFold(name, nextMember) {
			continue
		}
		if add(pair); strings.EqualFold(name, "api-version") && token != "" {
			add(token)
			token = ""
		}
	}
	return b.String()
}

// A token has the form of the service's: the JSON of a marker and a location, in base64url. The marker tells two, the
// length of its third part, and the name after which the list goes on, encoded.
type skip struct {
	NextMarker     string
	TargetLocation int
}

func skipToken(after string) string {
	name := base64.RawURLEncoding.EncodeToString([]byte(after))
	text, _ := json.Marshal(skip{NextMarker: "2!" + strconv.Itoa(len(name)) + "!" + name}) // always marshals
	return base64.RawURLEncoding.EncodeToString(text)
}

func readSkipToken(token string) (after string, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	var s skip
	if err != nil || json.Unmarshal(text, &s) != nil {
		return "", false
	}
	parts := strings.Split(s.NextMarker, "!")
	if len(parts) != 3 || parts[0] != "2" || parts[1] != strconv.Itoa(len(parts[2])) {
		return "", false
	}
	name, err := base64.RawURLEncoding.DecodeString(parts[2])
	return string(name), err == nil && len(name) > 0
}

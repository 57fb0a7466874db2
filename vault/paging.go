package vault

import (
	"iter"
	"slices"
	"strconv"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/internal/shelf"
)

// maxPage is the size of a page: the largest that can be asked for, and the size when nothing is asked.
const maxPage = 25

// cursor is the input of a list: where to go on, and how many items at most.
type cursor struct {
	after string // the last name shown; "" begins
	size  int    // 0: maxPage
}

func (p cursor) validate(*settings) error {
	if p.size < 0 || p.size > maxPage {
		return errs.NewBadArgument(strconv.Itoa(p.size), "maxresults")
	}
	return nil
}

// page is one answer of a list. next is where the following page goes on, "" when there is none.
type page[I any] struct {
	items []I
	next  string
}

// list answers a page of the live objects.
func (l life[V, O, R, I]) list(c call, p cursor) (page[I], error) {
	return collect(p, l.kind.LiveAfter(c.root, p.after, c.unix()), func(o *shelf.Object[V, O]) (string, I) {
		return o.Name, l.item(c.set, l.baseID(c.container, o), o.Current())
	}), nil
}

// listDeleted answers a page of the deleted objects.
func (l life[V, O, R, I]) listDeleted(c call, p cursor) (page[Deleted[I]], error) {
	return collect(p, l.kind.DeletedAfter(c.root, p.after, c.unix()), func(o *shelf.Object[V, O]) (string, Deleted[I]) {
		return o.Name, Deleted[I]{l.item(c.set, l.baseID(c.container, o), o.Current()), l.deletion(c.container, o)}
	}), nil
}

// listVersions answers a page of the versions of an object, oldest first. An object that does not exist has none,
// and nothing follows a version that it does not have.
func (l life[V, O, R, I]) listVersions(c call, p cursor) (page[I], error) {
	o := l.kind.Live(c.root, c.name, c.unix())
	if o == nil {
		return page[I]{}, nil
	}
	rest := o.Versions
	if p.after != "" {
		id, _ := shelf.ParseVersionID(p.after)
		i := slices.IndexFunc(rest, func(v *shelf.Version[V]) bool { return v.ID == id })
		if i < 0 {
			return page[I]{}, nil
		}
		rest = rest[i+1:]
	}
	return collect(p, slices.Values(rest), func(v *shelf.Version[V]) (string, I) { return v.ID.String(), l.item(c.set, l.id(c.container, o, v), v) }), nil
}

// collect fills a page from a sequence, and looks one further to see whether another follows.
func collect[T, I any](p cursor, all iter.Seq[T], show func(T) (string, I)) (out page[I]) {
	size := p.size
	if size == 0 {
		size = maxPage
	}
	var last string
	for t := range all {
		if len(out.items) == size {
			out.next = last
			break
		}
		name, item := show(t)
		last = name
		out.items = append(out.items, item)
	}
	return out
}

// ListOptions say how a list is fetched.
type ListOptions struct {
	// PageSize is how many items each request asks for, 1 to 25. 0: 25.
	PageSize int
}

// pages goes through a list page by page. Each page is a request of its own, made when it is reached; the first error
// ends the sequence.
func pages[I any](o *ListOptions, fetch func(cursor) (page[I], error)) iter.Seq2[I, error] {
	return func(yield func(I, error) bool) {
		var first cursor
		if o != nil {
			first.size = o.PageSize
		}
		for p := first; ; {
			got, err := fetch(p)
			if err != nil {
				var none I
				yield(none, err)
				return
			}
			for _, item := range got.items {
				if !yield(item, nil) {
					return
				}
			}
			if p.after = got.next; p.after == "" {
				return
			}
		}
	}
}

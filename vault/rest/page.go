package rest

import "net/http"

// pages are the pages that the front end of the service answers with, by status.
var pages = map[int]struct{ title, text, media string }{
	http.StatusBadRequest: {"Runtime Error", "The name in the address cannot be read.", "text/html; charset=utf-8"},
	http.StatusForbidden:  {"403 - Forbidden: Access is denied.", "There is nothing at the root of a vault.", "text/html"},
	http.StatusNotFound:   {"404 - File or directory not found.", "There is no such vault, or no operation of a vault at this address.", "text/html"},
}

// page makes the answer a page of HTML, as the front end of the service answers what it does not know.
func (y *reply) page(status int) {
	p := pages[status]
	y.status = status
	y.body = []byte("<!DOCTYPE html>\r\n<html>\r\n<head><title>" + p.title + "</title></head>\r\n<body>\r\n<h1>" +
		p.title + "</h1>\r\n<p>" + p.text + "</p>\r\n</body>\r\n</html>\r\n")
	y.typed(p.media)
}

// pageHeaders adds the headers of a page: those of the front end, which does not tell what vault it stands before. Only
// the runtime error, which comes from behind it, says who may keep it.
func (x *exchange) pageHeaders(h *Handler) {
	if x.status == http.StatusBadRequest {
		x.set("Cache-Control", "private")
	}
	x.set("X-Content-Type-Options", "nosniff")
	x.set("Strict-Transport-Security", transportSecurity)
	x.set("Date", h.date.of(x.Time))
}

package rest

import "net/http"

// pages are the texts of the pages that the front end of the service answers with, by status.
var pages = map[int][2]string{
	http.StatusBadRequest: {"Runtime Error", "The name in the address cannot be read."},
	http.StatusForbidden:  {"403 - Forbidden: Access is denied.", "There is nothing at the root of a vault."},
	http.StatusNotFound:   {"404 - File or directory not found.", "There is no such vault, or no operation of a vault at this address."},
}

// page makes the answer a page of HTML, as the front end of the service answers what it does not know.
func (y *reply) page(status int) {
	text := pages[status]
	y.status = status
	y.body = []byte("<!DOCTYPE html>\r\n<html>\r\n<head><title>" + text[0] + "</title></head>\r\n<body>\r\n<h1>" +
		text[0] + "</h1>\r\n<p>" + text[1] + "</p>\r\n</body>\r\n</html>\r\n")
	y.typed("text/html")
}

package rest

import "time"

// oneSecond is what clients on a clock of their own are told that a token is good for.
const oneSecond = 1

// told is what a client is told of the end of a token: in how many whole seconds it comes, and when.
func (a *authority) told(expires time.Time) (seconds, at int64) {
	seconds = max(0, expires.Unix()-a.tenant.Now().Unix())
	if a.clientNow == nil {
		return seconds, expires.Unix()
	}
	seconds = min(seconds, oneSecond)
	return seconds, a.clientNow().Unix() + seconds
}

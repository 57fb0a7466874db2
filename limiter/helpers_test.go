package limiter_test

import "time"

// start is where the clock of every test stands at first.
var start = time.Date(2019, 7, 1, 12, 0, 0, 0, time.UTC)

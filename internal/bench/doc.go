// Package bench compares the parts of embedvault with what a program would use in their place: the standard library, and
// other modules that do the same or the nearest thing. It is a module of its own, so that no user of embedvault downloads
// those modules, and it holds tests only.
//
// # Rows and sides
//
// A row is one operation with several sides: ours first, then peers and floors. All sides of a row do the same work on the
// same data, and stop at an answer that is wrong. A floor does less than ours: it is what ours cannot be cheaper than.
//
//	go test                                             # do ours and the peers decide alike?
//	go test -run '^$' -bench . -benchmem                # every row, its sides one after the other
//	go test -run '^$' -bench 'Policy/rbac' -benchmem    # some
//
// # Ratios
//
// A machine is slower in one minute than in the next, so a number of one run is compared only with a number of the same
// run. TestRatios measures the sides of a row one right after the other, in turning order, in many passes over all rows,
// and prints the median of each side, and of the ratio and the difference that each pass gave, with their quartiles. It is
// a measurement and no test: it asserts nothing, and is skipped without its flag.
//
//	go test -run TestRatios -ratios                                    # about two minutes
//	go test -run TestRatios -ratios -rows='limiter|policy' -passes=30 -sample=20ms
//
// The rows of scaling compare one goroutine with two. What two processors of the machine can do at all is the row
// scaling/control; a virtual machine may give two threads of one core for two processors.
package bench

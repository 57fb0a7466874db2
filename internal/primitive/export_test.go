package primitive

// SplitDER gives the tests signatures that signing makes once in 65536 times.
var SplitDER = splitDER

package primitive

import "math/big"

// SplitDER gives the tests signatures that signing makes once in 65536 times.
var SplitDER = splitDER

// ScalarMemory returns the memory that a key on a NIST curve keeps its scalar in.
func ScalarMemory(k *EC) []big.Word {
	//lint:ignore SA1019 There is no other way to reach the number.
	return k.nist.D.Bits()
}

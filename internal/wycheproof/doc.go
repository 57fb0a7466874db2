// Package wycheproof runs the test vectors of Project Wycheproof against
// crypto.Key and both drivers, that in memory and the simulated hardware
// module. It has nothing but tests, and it is a module of its own because the
// vectors are 100 MB.
//
// Every file of the project is either run or listed with the reason why it
// does not apply, and every vector of a file that is run is counted: as one on
// which the library agrees, as one that it refuses on purpose though others
// accept it, or as one left out. testdata/vectors.txt holds the counts by
// driver, and the test compares them, so that nothing is skipped in silence.
package wycheproof

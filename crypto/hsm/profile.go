package hsm

import (
	"cmp"
	"errors"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// Generation chooses one of the published tables of how many operations a
// partition of a Managed HSM carries out in a second.
type Generation uint8

// The generations, named for the year of the table. The zero value has no table
// and no limits.
const (
	Published2021 Generation = iota + 1
	Published2025
)

// Work is a kind of operation that takes the module's time. Those that need
// only a public key are done outside and take none.
type Work uint8

// The kinds of work.
const (
	WorkCreate  Work = iota + 1 // generate, import, or take in a wrapped key
	WorkSign                    // sign, or the MAC of a value
	WorkDecrypt                 // decrypt or, with RSA, unwrap
	WorkEncrypt                 // encrypt with a symmetric key
	WorkWrap                    // wrap with a symmetric key
	WorkUnwrap                  // unwrap with a symmetric key
	WorkRelease                 // leave the module wrapped
	numWork
)

// Profile is how fast a module is. The zero value is without limits.
type Profile struct {
	// Generation is the table of rates.
	Generation Generation
	// Partitions is how many operations the module works on at once, 1 to 3; 0
	// is 1. An instance of the service has three.
	Partitions int
	// Backlog is how long an operation may wait for its turn: one that had to
	// wait longer is errs.HardwareBusy at once. 0 is one second.
	Backlog time.Duration
}

// maxPartitions is what an instance has.
const maxPartitions = 3

func (p Profile) check() error {
	if p.Generation > Published2025 || p.Partitions < 0 || p.Partitions > maxPartitions || p.Backlog < 0 {
		return errors.New("hsm: Options.Profile does not exist")
	}
	return nil
}

// rates are operations a second by one partition, indexed by Work; 0 is
// without limit.
type rates [numWork]int

// published is the table of 2021. The service publishes creation and backup
// for RSA alone; they stand for all types here, and backup for release. HMAC,
// not published at all, takes the time of an encryption.
var published = map[crypto.Spec]rates{
	{Type: crypto.KeyTypeRSA, Size: 2048}:         {WorkCreate: 1, WorkSign: 1100, WorkDecrypt: 1100, WorkRelease: 10},
	{Type: crypto.KeyTypeRSA, Size: 3072}:         {WorkCreate: 1, WorkSign: 360, WorkDecrypt: 360, WorkRelease: 10},
	{Type: crypto.KeyTypeRSA, Size: 4096}:         {WorkCreate: 1, WorkSign: 160, WorkDecrypt: 160, WorkRelease: 10},
	{Type: crypto.KeyTypeEC, Curve: crypto.P256}:  {WorkCreate: 1, WorkSign: 260, WorkRelease: 10},
	{Type: crypto.KeyTypeEC, Curve: crypto.P256K}: {WorkCreate: 1, WorkSign: 260, WorkRelease: 10},
	{Type: crypto.KeyTypeEC, Curve: crypto.P384}:  {WorkCreate: 1, WorkSign: 165, WorkRelease: 10},
	{Type: crypto.KeyTypeEC, Curve: crypto.P521}:  {WorkCreate: 1, WorkSign: 56, WorkRelease: 10},
	{Type: crypto.KeyTypeOct, Size: 128}:          {WorkCreate: 1, WorkSign: 8000, WorkDecrypt: 8000, WorkEncrypt: 8000, WorkWrap: 9000, WorkUnwrap: 9000, WorkRelease: 10},
	{Type: crypto.KeyTypeOct, Size: 192}:          {WorkCreate: 1, WorkSign: 8000, WorkDecrypt: 8000, WorkEncrypt: 8000, WorkWrap: 9000, WorkUnwrap: 9000, WorkRelease: 10},
	{Type: crypto.KeyTypeOct, Size: 256}:          {WorkCreate: 1, WorkSign: 8000, WorkDecrypt: 8000, WorkEncrypt: 8000, WorkWrap: 9000, WorkUnwrap: 9000, WorkRelease: 10},
}

// changed2025 is what the table of 2025 says otherwise.
var changed2025 = map[crypto.Spec]rates{
	{Type: crypto.KeyTypeRSA, Size: 2048}:         {WorkSign: 900},
	{Type: crypto.KeyTypeRSA, Size: 3072}:         {WorkSign: 340},
	{Type: crypto.KeyTypeRSA, Size: 4096}:         {WorkSign: 150},
	{Type: crypto.KeyTypeEC, Curve: crypto.P256}:  {WorkSign: 330},
	{Type: crypto.KeyTypeEC, Curve: crypto.P256K}: {WorkSign: 330},
	{Type: crypto.KeyTypeEC, Curve: crypto.P384}:  {WorkSign: 160},
	{Type: crypto.KeyTypeEC, Curve: crypto.P521}:  {WorkSign: 200},
	{Type: crypto.KeyTypeOct, Size: 128}:          {WorkWrap: 2100, WorkUnwrap: 1800},
	{Type: crypto.KeyTypeOct, Size: 192}:          {WorkWrap: 2100, WorkUnwrap: 1900},
	{Type: crypto.KeyTypeOct, Size: 256}:          {WorkWrap: 2100, WorkUnwrap: 2200},
}

// Rate returns how many operations of a kind a partition carries out in a
// second with keys of a spec, which is normalized; 0 is without limit.
func (g Generation) Rate(w Work, s crypto.Spec) int {
	if g == 0 || w >= numWork {
		return 0
	}
	row := crypto.Spec{Type: s.Type.Base(), Size: s.Size, Curve: s.Curve}
	if g == Published2025 {
		if rate := changed2025[row][w]; rate != 0 {
			return rate
		}
	}
	return published[row][w]
}

// either says which kind of work an algorithm is: that of a cipher, or that of
// a symmetric key that wraps.
func either(row *crypto.Info, cipher, wraps Work) Work {
	if row.Mechanism == crypto.AESKeyWrap || row.Mechanism == crypto.AESKeyWrapPad {
		return wraps
	}
	return cipher
}

// queue is when each partition will have done what it was given.
type queue [maxPartitions]time.Time

// take gives an operation to the partition that is free first and returns how
// long it takes from now, its turn included. An operation that would have to
// wait longer than the backlog is refused and takes no time.
func (q *queue) take(now time.Time, p Profile, w Work, s crypto.Spec) (time.Duration, error) {
	rate := p.Generation.Rate(w, s)
	if rate == 0 {
		return 0, nil
	}
	first := &q[0]
	for i := range cmp.Or(p.Partitions, 1) {
		if q[i].Before(*first) {
			first = &q[i]
		}
	}
	turn := max(first.Sub(now), 0)
	if backlog := cmp.Or(p.Backlog, time.Second); turn > backlog {
		return 0, errs.NewHardwareBusy(turn - backlog)
	}
	took := turn + time.Second/time.Duration(rate)
	*first = now.Add(took)
	return took, nil
}

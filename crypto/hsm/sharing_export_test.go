package hsm

// Share is a share with its values.
type Share struct {
	X      uint16
	Values []uint16
}

// Split shares a secret.
func Split(secret []byte, n, required int) (shares []Share) {
	for _, s := range split(secret, n, required) {
		shares = append(shares, Share{s.x, s.values})
	}
	return shares
}

// Combine returns the secret of shares.
func Combine(shares ...Share) ([]byte, error) {
	var inner []share
	for _, s := range shares {
		inner = append(inner, share{s.X, s.Values})
	}
	return combine(inner)
}

// Bytes encodes the share.
func (s Share) Bytes() []byte { return share{s.X, s.Values}.bytes() }

// ParseShare reads an encoded share.
func ParseShare(b []byte, size int) (Share, error) {
	s, err := parseShare(b, size)
	return Share{s.x, s.values}, err
}

// DataKey derives the key of an item.
var DataKey = dataKey

// Names and bounds of blobs.
const (
	DomainTag     = domainTag
	MaxDomainBlob = maxDomainBlob
)

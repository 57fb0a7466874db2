package hsm

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// Bounds of a ceremony.
const (
	MinHolders = 3  // how many hold a security domain, at least
	MaxHolders = 10 // and at most
	MinQuorum  = 2  // how many of them it takes at least to open it
)

// maxHolderBits is the largest RSA key of a holder; the smallest has minReceiver.
const maxHolderBits = 4096

// QuorumError says that fewer shares of a security domain were opened than it
// takes.
type QuorumError struct {
	Required int // shares that it takes
	Opened   int // shares that were opened
}

// Error says how many shares it takes.
func (e QuorumError) Error() string {
	return fmt.Sprintf("hsm: the security domain takes %d shares, %d opened", e.Required, e.Opened)
}

// DomainHolder is somebody who holds a share of a security domain.
type DomainHolder struct {
	Certificate *x509.Certificate // the one that the share is encrypted to
	Key         *rsa.PrivateKey   // its key
}

// Format writes nothing of the key, for every verb.
func (DomainHolder) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, holderText) }

// MarshalText writes what Format writes: no JSON, XML or log shows the key.
func (DomainHolder) MarshalText() ([]byte, error) { return []byte(holderText), nil }

const holderText = "holder of a security domain"

// DownloadDomain hands out the security domain in a blob, JSON that anybody may
// keep: it opens with the keys of required of the holders, by RewrapDomain.
// There are MinHolders to MaxHolders of them, with certificates of different RSA
// keys of 2048 to 4096 bits; how long a certificate is valid does not count.
// MinQuorum at least are required. Other holders or numbers are
// errs.BadParameter. It is an operation of the module as every other. The module
// and its keys stay as they are.
func (m *Module) DownloadDomain(ctx context.Context, holders []*x509.Certificate, required int) (blob []byte, err error) {
	if len(holders) < MinHolders || len(holders) > MaxHolders {
		return nil, errs.NewInvalidProperty("certificates", fmt.Sprintf("There are %d to %d certificates", MinHolders, MaxHolders))
	}
	if required < MinQuorum || required > len(holders) {
		return nil, errs.NewInvalidProperty("required", fmt.Sprintf("It is at least %d and at most the number of certificates", MinQuorum))
	}
	keys := make([]*rsa.PublicKey, len(holders))
	for i, h := range holders {
		if keys[i], err = certified(h, "certificates"); err != nil {
			return nil, err
		}
		for _, before := range keys[:i] {
			if keys[i].Equal(before) {
				return nil, errs.NewInvalidProperty("certificates", "Every certificate has a key of its own")
			}
		}
	}
	if err := m.admit(ctx, 0, crypto.Spec{}); err != nil {
		return nil, err
	}
	err = m.ExportDomain(func(secret []byte) error {
		blob, err = sealDomain(secret, holders, required)
		return err
	})
	return blob, err
}

// certified returns the RSA key of a certificate. One that a domain cannot be
// encrypted to is errs.BadParameter.
func certified(c *x509.Certificate, property string) (*rsa.PublicKey, error) {
	if c != nil {
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key != nil && key.N != nil && key.N.BitLen() >= minReceiver && key.N.BitLen() <= maxHolderBits {
			return key, nil
		}
	}
	return nil, errs.NewInvalidProperty(property, fmt.Sprintf("A certificate has an RSA key of %d to %d bits", minReceiver, maxHolderBits))
}

// sealDomain encrypts the secret by a new master key and that, in shares, to
// the holders.
func sealDomain(secret []byte, holders []*x509.Certificate, required int) ([]byte, error) {
	master := newMaster()
	defer clear(master)
	item, err := sealItem(master, secret, domainTag)
	if err != nil {
		return nil, err
	}
	sealed, err := sealShares(split(master, len(holders), required), holders)
	if err != nil {
		return nil, err
	}
	shared := wireShares{sealed, domainSharing, required}
	return json.Marshal(wireDomain{EncData: wireItems{[]wireItem{item}, domainKDF}, SharedKeys: &shared, Version: domainVersion})
}

// sealShares encrypts to every holder a share, and overwrites them all.
func sealShares(shares []share, holders []*x509.Certificate) (sealed []wireKey, err error) {
	defer wipeShares(shares)
	sealed = make([]wireKey, len(shares))
	for i, s := range shares {
		encoded := s.bytes()
		sealed[i], err = sealKey(holders[i], "certificates", encoded)
		clear(encoded)
		if err != nil {
			return nil, err
		}
	}
	return sealed, nil
}

func wipeShares(shares []share) {
	for _, s := range shares {
		clear(s.values)
	}
}

func newMaster() []byte {
	master := make([]byte, masterSize)
	rand.Read(master) // never fails
	return master
}

// sealKey encrypts a master key or a share to a certificate. One that does not
// encrypt is errs.BadParameter.
func sealKey(to *x509.Certificate, property string, key []byte) (wireKey, error) {
	text, err := sealJWE(jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: to.PublicKey}, key)
	if err != nil {
		return wireKey{}, errs.NewInvalidProperty(property, "The key of a certificate does not encrypt")
	}
	return wireKey{text, sum(to.Raw)}, nil
}

// RewrapDomain makes of a blob of DownloadDomain the one that UploadDomain
// takes. It needs no module: it is for the place where the holders meet. It
// decrypts the domain with their keys, of which it uses as many as the blob
// requires, and encrypts it to the module whose transfer key is certified.
//
// With too few holders it is a QuorumError: one who holds no share of the blob,
// or whose share does not open, does not count, nor does one twice. A transfer
// certificate without an RSA key of 2048 to 4096 bits is errs.BadParameter,
// anything else ErrDomain.
func RewrapDomain(blob []byte, transfer *x509.Certificate, holders []DomainHolder) ([]byte, error) {
	if _, err := certified(transfer, "transfer_key"); err != nil {
		return nil, err
	}
	d, err := parseDomain(blob)
	if err != nil || d.SharedKeys == nil {
		return nil, ErrDomain
	}
	old, err := d.SharedKeys.open(holders)
	if err != nil {
		return nil, err
	}
	defer clear(old)
	master := newMaster()
	defer clear(master)
	for i, item := range d.EncData.Data {
		if d.EncData.Data[i], err = item.rewrap(old, master); err != nil {
			return nil, err
		}
	}
	wrapped, err := sealKey(transfer, "transfer_key", master)
	if err != nil {
		return nil, err
	}
	return json.Marshal(wireDomain{EncData: d.EncData, WrappedKey: &wrapped})
}

// open returns the master key, which the caller overwrites.
func (s *wireShares) open(holders []DomainHolder) ([]byte, error) {
	var shares []share
	defer func() { wipeShares(shares) }()
	for _, sealed := range s.Shares {
		if len(shares) == s.Required {
			break
		}
		opened, ok := sealed.share(holders)
		if ok && !slices.ContainsFunc(shares, func(s share) bool { return s.x == opened.x }) {
			shares = append(shares, opened)
		} else {
			clear(opened.values)
		}
	}
	if len(shares) < s.Required {
		return nil, QuorumError{s.Required, len(shares)}
	}
	return combine(shares)
}

// share returns the share if it is that of one of the holders.
func (k wireKey) share(holders []DomainHolder) (share, bool) {
	for _, h := range holders {
		if h.Certificate == nil || sum(h.Certificate.Raw) != k.Thumbprint || !sound(h.Key) {
			continue
		}
		encoded, err := openJWE(jose.RSA_OAEP_256, h.Key, k.JWE)
		if err != nil {
			continue
		}
		s, err := parseShare(encoded, masterSize)
		clear(encoded)
		if err == nil {
			return s, true
		}
	}
	return share{}, false
}

// sound reports whether the key can be worked with.
func sound(k *rsa.PrivateKey) bool {
	return k != nil && k.N != nil && k.D != nil && k.N.BitLen() <= maxHolderBits && k.Validate() == nil
}

// rewrap encrypts by the master key what another one encrypted.
func (i wireItem) rewrap(old, master []byte) (wireItem, error) {
	secret, err := i.open(old)
	if err != nil {
		return wireItem{}, err
	}
	defer clear(secret)
	return sealItem(master, secret, i.Tag)
}

// UploadDomain gives the module the domain in a blob that was encrypted to its
// transfer key by RewrapDomain, and ends Tamper, as RestoreDomain does. Any blob
// that is not one, and a key of another module, is ErrDomain and changes
// nothing.
func (m *Module) UploadDomain(blob []byte, transfer *TransferKey) error {
	if transfer == nil || transfer.module != m {
		return ErrDomain
	}
	d, err := parseDomain(blob)
	if err != nil || d.WrappedKey == nil || d.WrappedKey.Thumbprint != sum(transfer.certificate.Raw) ||
		len(d.EncData.Data) != 1 || d.EncData.Data[0].Tag != domainTag {
		return ErrDomain
	}
	master, err := openJWE(jose.RSA_OAEP_256, transfer.private, d.WrappedKey.JWE)
	if err != nil {
		return ErrDomain
	}
	defer clear(master)
	if len(master) != masterSize {
		return ErrDomain
	}
	secret, err := d.EncData.Data[0].open(master)
	if err != nil {
		return ErrDomain
	}
	defer clear(secret)
	if len(secret) != DomainSize {
		return ErrDomain
	}
	return m.RestoreDomain(secret)
}

package limiter

// A Class is the kind of work a request asks for. The service limits each
// kind on its own: a vault that has used up its key creations still signs.
//
// Append only: consumers store classes in tables.
type Class uint8

const (
	// Other is whatever no other class names: certificates, storage accounts.
	Other Class = iota

	// SecretUse is every secret and vault operation but creating a secret.
	SecretUse

	// SecretCreate is setting a secret. Since 2021 it has a limit of its own.
	SecretCreate

	// KeyCreate is creating, rotating or releasing a software key.
	KeyCreate

	// KeyUse is every other operation with a software key, weighted by size.
	KeyUse

	// HSMKeyCreate is creating, rotating or releasing an HSM key.
	HSMKeyCreate

	// HSMKeyUse is every other operation with an HSM key, weighted by size.
	HSMKeyUse

	// CertificateImport is importing a certificate: Other before 2025, with
	// SecretCreate since.
	CertificateImport

	// KeyImport is importing a software key: KeyUse before 2025, with
	// SecretCreate since.
	KeyImport

	// HSMKeyImport is importing an HSM key: HSMKeyUse before 2025, with
	// SecretCreate since.
	HSMKeyImport

	// NumClasses is the number of classes, for tables indexed by class.
	NumClasses = iota
)

// classes holds, for every class, its name, its twin for HSM keys, and its
// base: the class it counts with where it has no limit of its own.
var classes = [NumClasses]struct {
	name      string
	hsm, base Class
}{
	Other:             {"Other", Other, Other},
	SecretUse:         {"SecretUse", SecretUse, SecretUse},
	SecretCreate:      {"SecretCreate", SecretCreate, SecretUse},
	KeyCreate:         {"KeyCreate", HSMKeyCreate, KeyCreate},
	KeyUse:            {"KeyUse", HSMKeyUse, KeyUse},
	HSMKeyCreate:      {"HSMKeyCreate", HSMKeyCreate, HSMKeyCreate},
	HSMKeyUse:         {"HSMKeyUse", HSMKeyUse, HSMKeyUse},
	CertificateImport: {"CertificateImport", CertificateImport, Other},
	KeyImport:         {"KeyImport", HSMKeyImport, KeyUse},
	HSMKeyImport:      {"HSMKeyImport", HSMKeyImport, HSMKeyUse},
}

// known returns c, or Other if c is no class.
func (c Class) known() Class {
	if int(c) < NumClasses {
		return c
	}
	return Other
}

// HSM returns the class of the same work with an HSM key; classes that do not
// distinguish are their own twin.
func (c Class) HSM() Class { return classes[c.known()].hsm }

// String returns the name of the constant. A number that is no class counts,
// and prints, as Other.
func (c Class) String() string { return classes[c.known()].name }

// A KeySize says how dear a key is to use. Only RSA sizes differ in price.
//
// Append only: consumers store sizes in tables.
type KeySize uint8

const (
	OtherKey KeySize = iota // EC and symmetric keys, of any size
	RSA2048                 // RSA up to 2048 bits
	RSA3072                 // RSA above 2048 up to 3072 bits
	RSA4096                 // RSA above 3072 bits

	// NumKeySizes is the number of sizes, for tables indexed by size.
	NumKeySizes = iota
)

var keySizes = [NumKeySizes]string{"OtherKey", "RSA2048", "RSA3072", "RSA4096"}

// RSASize returns the size of an RSA key with a modulus of so many bits. A
// length between two published ones is priced as the next longer.
func RSASize(bits int) KeySize {
	switch {
	case bits <= 2048:
		return RSA2048
	case bits <= 3072:
		return RSA3072
	}
	return RSA4096
}

// known returns k, or OtherKey if k is no size.
func (k KeySize) known() KeySize {
	if int(k) < NumKeySizes {
		return k
	}
	return OtherKey
}

// String returns the name of the constant; what is no size is OtherKey.
func (k KeySize) String() string { return keySizes[k.known()] }

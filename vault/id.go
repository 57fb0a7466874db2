package vault

import (
	"strings"

	"github.com/embedvault/embedvault/internal/shelf"
)

// Ref names an object of a collection, or one version of it: "name" or "name/version". Without a version it means the
// newest one. A constant string converts to it.
type Ref string

// split returns the two parts of a reference; "name/" is "name".
func (r Ref) split() (name, version string) {
	name, version, _ = strings.Cut(string(r), "/")
	return name, version
}

// ID identifies one version of an object of a container.
type ID struct {
	// Vault is the name of the container, Collection such as "keys", Name the object's name as its creator spelt it.
	Vault, Collection, Name string
	host                    string
	version                 shelf.VersionID
}

// Version returns the 32 hexadecimal digits of the version, or "" for an ID that names the object as a whole.
func (id ID) Version() string {
	if id.version == (shelf.VersionID{}) {
		return ""
	}
	return id.version.String()
}

// Ref returns the reference by which a client of the same vault reaches the version.
func (id ID) Ref() Ref {
	if v := id.Version(); v != "" {
		return Ref(id.Name + "/" + v)
	}
	return Ref(id.Name)
}

// String returns the identifier that the service uses, such as https://contoso.vault.azure.net/keys/app/0123….
func (id ID) String() string {
	if id == (ID{}) {
		return ""
	}
	return string(id.appendURL(nil, id.host))
}

module github.com/embedvault/embedvault

go 1.26.0

require (
	filippo.io/keygen v1.0.0
	github.com/anishathalye/porcupine v1.3.1
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.1
	github.com/go-jose/go-jose/v4 v4.1.8
	github.com/google/go-cmp v0.7.0
	github.com/google/tink/go v1.7.0
	github.com/hashicorp/golang-lru/v2 v2.0.7
	github.com/tidwall/btree v1.8.2
	pgregory.net/rapid v1.3.0
)

require (
	filippo.io/bigmod v0.1.1-0.20260103110540-f8a47775ebe5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

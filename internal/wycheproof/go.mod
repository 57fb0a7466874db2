module github.com/embedvault/embedvault/internal/wycheproof

go 1.26.4

replace github.com/embedvault/embedvault => ../..

require (
	github.com/c2sp/wycheproof v0.0.0-20260902155932-3fa63dd0344a
	github.com/embedvault/embedvault v0.0.0
)

require github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.1 // indirect

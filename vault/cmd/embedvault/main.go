// Command embedvault shows and serves the vault that the library is.
//
//	embedvault demo [-out DIR] FILE
//
// signs, encrypts and refuses with real cryptography, and prints what happened.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// usage is printed when the arguments are not understood.
const usage = `usage: embedvault demo [-out DIR] FILE

  demo   sign, wrap and encrypt FILE with a vault, then be refused by each of its gates;
         -out leaves signatures, public keys, ciphertext and wrapped key in DIR, for openssl
`

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "embedvault:", err)
		os.Exit(1)
	}
}

// run carries out one command.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "demo" {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("want a command")
	}
	return demo(ctx, args[1:], out)
}

// Command embedvault shows and serves the vault that the library is.
//
//	embedvault demo [-out DIR] FILE
//	embedvault serve [flags]
//	embedvault run [flags] -- CMD...
//
// demo signs, encrypts and refuses with real cryptography, and prints what happened. serve serves vaults to programs in
// any language, under the hosts of the service, with nothing but environment variables; run does so for one program.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// usage is printed when it is asked for, or when the arguments are not understood.
const usage = `usage: embedvault demo [-out DIR] FILE
       embedvault serve [flags]
       embedvault run [flags] -- CMD...

  demo   sign, wrap and encrypt FILE with a vault, then be refused by each of its gates;
         -out leaves signatures, public keys, ciphertext and wrapped key in DIR, for openssl
  serve  serve vaults until interrupted, and print the environment that leads programs to them
  run    run CMD in that environment, on free ports, with all other hosts tunnelled, and exit as it does

  -listen ADDR   TLS, by Host: vaults and the authorities            (serve: 127.0.0.1:8443; run: a free port)
  -proxy ADDR    the HTTP CONNECT proxy that brings the service's hosts here          (127.0.0.1:0, a free port)
  -vault NAME[:standard|premium]   a vault; may be repeated                                           (contoso)
  -hsm NAME[:inactive]   a Managed HSM, activated unless said; may be repeated                          (none)
  -backups DIR   keep full backups of Managed HSMs in DIR, a folder to each container they name; they
                 open with the security domain of the Managed HSM that wrote them alone            (refused)
  -limits off|2019|2021|2025       the rate limits of that year                                           (off)
  -env FILE      write the environment to FILE, for a shell, and the certificates to FILE.pem, where no
                 other files are;
                 with - print it with AZURE_CLIENT_SECRET, which is left out otherwise
  -egress        tunnel other hosts instead of refusing them                            (serve: off; run: on)
  -expose        allow addresses that other machines can reach: egress is off then, and with -egress leads
                 them neither to this machine nor to its link
  -quiet         no line for each request

State lives in memory. RSA keys are test keys that everybody can derive: keep nothing here that must stay secret.
`

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdout)
	status := 0
	if err != nil {
		status = explain(os.Stderr, err)
	}
	os.Exit(status)
}

// run carries out one command.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return usageError{errors.New("want a command: demo, serve or run")}
	}
	c := console{out, os.Stderr, os.Environ()}
	var err error
	switch args[0] {
	case "demo":
		err = demo(ctx, args[1:], out)
	case "serve":
		err = serve(ctx, args[1:], c)
	case "run":
		err = runProgram(ctx, args[1:], c)
	case "help", "-h", "-help", "--help":
		err = flag.ErrHelp
	default:
		err = usageError{fmt.Errorf("there is no command %q: want demo, serve or run", args[0])}
	}
	if errors.Is(err, flag.ErrHelp) {
		_, err = fmt.Fprint(out, usage)
	}
	return err
}

// explain prints what went wrong, if there is something to say, and returns the status to exit with.
func explain(diag io.Writer, err error) int {
	if exit, ok := errors.AsType[exitError](err); ok {
		if exit.why != nil {
			fmt.Fprintln(diag, "embedvault:", exit.why)
		}
		return exit.status
	}
	fmt.Fprintln(diag, "embedvault:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(diag, "see embedvault help")
		return 2
	}
	return 1
}

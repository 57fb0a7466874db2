package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
)

// settings are what serve and run are told by their flags.
type settings struct {
	listen, proxy string
	vaults        []vaultSetting
	hsms          []hsmSetting
	backups       string // a folder, or ""
	limits        limiter.Limits
	env           string // a file, "-" for the output, or "" for neither
	egress        bool
	expose        bool
	quiet         bool
	command       []string // what follows the flags
}

// vaultSetting is a vault as -vault names it.
type vaultSetting struct {
	name string
	sku  vault.SKU
}

// inactive is what -hsm says of a Managed HSM that is left to be activated.
const inactive = "inactive"

// hsmSetting is a Managed HSM as -hsm names it.
type hsmSetting struct {
	name     string
	inactive bool // until its security domain is downloaded, or another's uploaded
}

// defaultVault is what is served without -vault.
var defaultVault = vaultSetting{"contoso", vault.Premium}

// parse reads the flags of a command over its defaults. Its errors are usageErrors, or flag.ErrHelp.
func parse(command string, args []string, s settings) (*settings, error) {
	s.limits = limiter.Unlimited()
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.listen, "listen", s.listen, "")
	f.StringVar(&s.proxy, "proxy", s.proxy, "")
	f.Func("vault", "", s.addVault)
	f.Func("hsm", "", s.addHSM)
	f.Func("backups", "", s.setBackups)
	f.Func("limits", "", s.setLimits)
	f.StringVar(&s.env, "env", "", "")
	f.BoolVar(&s.egress, "egress", s.egress, "")
	f.BoolVar(&s.expose, "expose", false, "")
	f.BoolVar(&s.quiet, "quiet", false, "")
	if err := f.Parse(args); err != nil {
		return nil, misused(err)
	}
	if s.expose && !isGiven(f, "egress") {
		s.egress = false // other machines are led nowhere by default
	}
	s.command = f.Args()
	if len(s.vaults) == 0 {
		s.vaults = []vaultSetting{defaultVault}
	}
	return &s, s.checkAddresses()
}

// isGiven tells whether a flag stands in the arguments.
func isGiven(f *flag.FlagSet, name string) (given bool) {
	f.Visit(func(found *flag.Flag) { given = given || found.Name == name })
	return given
}

// addVault reads NAME, or NAME:PRODUCT.
func (s *settings) addVault(value string) error {
	name, sku, given := strings.Cut(value, ":")
	v := vaultSetting{name, vault.Premium}
	if given {
		v.sku = vault.SKU(sku)
	}
	if v.sku != vault.Premium && v.sku != vault.Standard {
		return fmt.Errorf("a vault is %s or %s", vault.Premium, vault.Standard)
	}
	s.vaults = append(s.vaults, v)
	return nil
}

// addHSM reads NAME, or NAME:inactive.
func (s *settings) addHSM(value string) error {
	name, state, given := strings.Cut(value, ":")
	if given && state != inactive {
		return fmt.Errorf("a Managed HSM is active, or NAME:%s", inactive)
	}
	s.hsms = append(s.hsms, hsmSetting{name, given})
	return nil
}

// setBackups names a folder, which need not be there yet.
func (s *settings) setBackups(folder string) error {
	if is, err := os.Stat(folder); err == nil && !is.IsDir() {
		return errors.New("it is no folder")
	}
	s.backups = folder
	return nil
}

// addresses are those of the containers, for the log.
func (s *settings) addresses() (list []any) {
	for _, v := range s.vaults {
		list = append(list, "vault", "https://"+v.name+"."+vault.ProductKeyVault.Domain())
	}
	for _, h := range s.hsms {
		list = append(list, "hsm", "https://"+h.name+"."+vault.ProductManagedHSM.Domain())
	}
	return list
}

// storage is where full backups are kept: below the folder of -backups. Without it there is none.
func (s *settings) storage() func(context.Context, string, vault.Value) (vault.BlobContainer, error) {
	if s.backups == "" {
		return nil
	}
	return vault.DirectoryStorage(s.backups)
}

// setLimits reads a generation of limits.
func (s *settings) setLimits(value string) error {
	switch value {
	case "off":
		s.limits = limiter.Unlimited()
	case "2019":
		s.limits = limiter.Documented2019()
	case "2021":
		s.limits = limiter.Documented2021()
	case "2025":
		s.limits = limiter.Documented2025()
	default:
		return errors.New("limits are off, 2019, 2021 or 2025")
	}
	return nil
}

// checkAddresses refuses ports that other machines could reach, unless that is meant.
func (s *settings) checkAddresses() error {
	for _, a := range []struct{ flag, address string }{{"listen", s.listen}, {"proxy", s.proxy}} {
		host, _, err := net.SplitHostPort(a.address)
		if err != nil {
			return usageError{fmt.Errorf("-%s wants HOST:PORT: %w", a.flag, err)}
		}
		if !s.expose && !isLoopback(host) {
			return usageError{fmt.Errorf("-%s %s can be reached from other machines: say -expose if that is meant", a.flag, a.address)}
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// usageError is an error in the arguments.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// misused is what an error of parsing flags is: a usageError, unless help was asked for.
func misused(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	return usageError{err}
}

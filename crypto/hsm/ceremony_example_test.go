package hsm_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/embedvault/embedvault/crypto/hsm"
)

// Three people hold a module's domain, and any two of them bring it into
// another module.
func ExampleModule_DownloadDomain() {
	lost, err := hsm.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var holders []hsm.DomainHolder
	var certificates []*x509.Certificate
	for _, name := range []string{"Ann", "Bob", "Cleo"} {
		h, err := newHolder(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		holders, certificates = append(holders, h), append(certificates, h.Certificate)
	}
	blob, err := lost.DownloadDomain(context.Background(), certificates, 2)
	if err != nil {
		fmt.Println(err)
		return
	}

	module, err := hsm.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	transfer, err := module.NewTransferKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = hsm.RewrapDomain(blob, transfer.Certificate(), holders[:1])
	quorum, _ := errors.AsType[hsm.QuorumError](err)
	fmt.Println("alone:", quorum.Opened, "of", quorum.Required)

	upload, err := hsm.RewrapDomain(blob, transfer.Certificate(), holders[1:])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(module.UploadDomain(upload, transfer))
	before, err := lost.Root()
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := module.Root()
	fmt.Println("the same root:", after.Equal(before), err)
	// Output:
	// alone: 1 of 2
	// <nil>
	// the same root: true <nil>
}

// newHolder makes what somebody brings to a ceremony, in earnest with openssl
// on a machine of their own.
func newHolder(name string) (hsm.DomainHolder, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return hsm.DomainHolder{}, err
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	c.Subject.CommonName = name
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return hsm.DomainHolder{}, err
	}
	c, err = x509.ParseCertificate(der)
	return hsm.DomainHolder{Certificate: c, Key: key}, err
}

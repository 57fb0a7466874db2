package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
)

// folder is where the demo leaves its files. The nil folder takes them and leaves none.
type folder struct {
	path     string
	failures []error
}

// newFolder makes the directory if it is not there; "" returns nil.
func newFolder(path string) (*folder, error) {
	if path == "" {
		return nil, nil
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	probe, err := os.CreateTemp(path, ".probe")
	if err != nil {
		return nil, err
	}
	return &folder{path: path}, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// write leaves a file that only its owner can read if it is secret.
func (f *folder) write(name string, content []byte, mode os.FileMode) {
	if f == nil {
		return
	}
	if err := os.WriteFile(filepath.Join(f.path, name), content, mode); err != nil {
		f.failures = append(f.failures, err)
	}
}

// writePublic leaves a public key as PEM.
func (f *folder) writePublic(name string, key any) {
	der, err := x509.MarshalPKIXPublicKey(key)
	f.writePEM(name, "PUBLIC KEY", der, err, 0o644)
}

// writePrivate leaves a private key as PEM.
func (f *folder) writePrivate(name string, key any) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	f.writePEM(name, "PRIVATE KEY", der, err, 0o600)
}

func (f *folder) writePEM(name, kind string, der []byte, err error, mode os.FileMode) {
	if f != nil && err != nil {
		f.failures = append(f.failures, err)
		return
	}
	f.write(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

func (f *folder) failure() error {
	if f == nil {
		return nil
	}
	return errors.Join(f.failures...)
}

package vault

import (
	"context"
	"crypto/x509"
)

// The methods below are of a Managed HSM; a vault answers them with 404 (errs.NotFound). They are what it does before it is
// activated. A module that is offline is a 500 (errs.HardwareOffline) for all that need it.

// DownloadSecurityDomain returns the security domain in a blob that anybody may keep: it opens with the keys of required of
// the holders, by hsm.RewrapDomain. The first download activates the Managed HSM, at once; another one hands the same
// domain to other holders and changes no key.
//
// There are 3 to 10 holders, with certificates of different RSA keys of 2048 to 4096 bits, and 2 at least are required:
// others are 400 (errs.BadParameter). A module that was tampered with has no domain: 500 (errs.HardwareTampered).
func (c *Client) DownloadSecurityDomain(ctx context.Context, holders []*x509.Certificate, required int) ([]byte, error) {
	return run(c.on(ctx, "", ""), domainDownload, domainHolders{holders, required}, nil)
}

// GetSecurityDomainDownloadStatus returns how far the last download is: in progress for Options.Lag, which keeps nobody from
// using the Managed HSM. If none was begun since the service was made, it is 404 (errs.NotFound).
func (c *Client) GetSecurityDomainDownloadStatus(ctx context.Context) (SecurityDomainStatus, error) {
	return run(c.on(ctx, "", ""), domainDownloadStatus, nothing{}, nil)
}

// GetTransferKey returns what the security domain of another Managed HSM is encrypted to before it is uploaded to this one.
// It stays the same until the next successful upload, or until the service ends: it is not kept in the store.
func (c *Client) GetTransferKey(ctx context.Context) (SecurityDomainTransferKey, error) {
	return run(c.on(ctx, "", ""), domainTransferKey, nothing{}, nil)
}

// UploadSecurityDomain gives the Managed HSM the security domain in a blob that hsm.RewrapDomain made for its transfer key,
// and activates it, at once. It opens keys and backups of that domain from then on.
//
// It is for a Managed HSM that was not activated, or whose module was tampered with; a module that holds keys gets back
// their domain and no other. Everything else is 400 (errs.BadParameter), also a blob that does not open, whatever the
// reason, and changes nothing.
func (c *Client) UploadSecurityDomain(ctx context.Context, blob []byte) error {
	_, err := run(c.on(ctx, "", ""), domainUpload, domainBlob(blob), nil)
	return err
}

// GetSecurityDomainUploadStatus returns how far the last upload is, as GetSecurityDomainDownloadStatus does.
func (c *Client) GetSecurityDomainUploadStatus(ctx context.Context) (SecurityDomainStatus, error) {
	return run(c.on(ctx, "", ""), domainUploadStatus, nothing{}, nil)
}

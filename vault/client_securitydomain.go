package vault

import (
	"context"
	"crypto/x509"
)

// DownloadSecurityDomain returns the security domain of a Managed HSM, activated or not, in a blob that anybody may keep: it
// opens with the keys of required of the holders, by hsm.RewrapDomain. The first download activates the Managed HSM, at
// once; another one hands the same domain to other holders and changes no key.
//
// There are hsm.MinHolders to hsm.MaxHolders holders, with certificates of different RSA keys of 2048 to 4096 bits, and
// hsm.MinQuorum at least are required: others are 400 (errs.BadParameter). The errors of hardware come on top: a module that
// was tampered with has no domain to hand out.
func (c *Client) DownloadSecurityDomain(ctx context.Context, holders []*x509.Certificate, required int) ([]byte, error) {
	return run(c.on(ctx, "", ""), domainDownload, domainHolders{holders, required}, nil)
}

// GetSecurityDomainDownloadStatus returns how far the last download is: in progress for Options.Lag, which keeps nobody from
// using the Managed HSM. If none was begun since the service was made it is 404 (errs.NotFound). It needs no module.
func (c *Client) GetSecurityDomainDownloadStatus(ctx context.Context) (SecurityDomainStatus, error) {
	return run(c.on(ctx, "", ""), domainDownloadStatus, nothing{}, nil)
}

// GetSecurityDomainTransferKey returns what the security domain of another Managed HSM is encrypted to before it is uploaded
// to this one, activated or not. It stays the same until the next successful upload, or until the service ends: it is not
// kept in the store.
//
// A module that was tampered with has one too; one that is offline is 503 (errs.HardwareOffline).
func (c *Client) GetSecurityDomainTransferKey(ctx context.Context) (SecurityDomainTransferKey, error) {
	return run(c.on(ctx, "", ""), domainTransferKey, nothing{}, nil)
}

// UploadSecurityDomain gives a Managed HSM the security domain in a blob that hsm.RewrapDomain made for its transfer key, and
// activates it, at once. It opens keys and backups of that domain from then on.
//
// It is for a Managed HSM that was not activated, or whose module was tampered with: one that is active and sound keeps its
// domain, 400 (errs.BadParameter). A module that holds keys gets back their domain and no other; another one, and a blob that
// does not open, whatever the reason, are 400 (errs.BadParameter) too. While a change is on its way to the store it is
// 503 (errs.HardwareBusy): a retry helps. A module that is offline is 503 (errs.HardwareOffline). An error changes nothing.
func (c *Client) UploadSecurityDomain(ctx context.Context, blob []byte) error {
	_, err := run(c.on(ctx, "", ""), domainUpload, domainBlob(blob), nil)
	return err
}

// GetSecurityDomainUploadStatus returns how far the last upload is: in progress for Options.Lag, which keeps nobody from
// using the Managed HSM. If none was begun since the service was made it is 404 (errs.NotFound). It needs no module.
func (c *Client) GetSecurityDomainUploadStatus(ctx context.Context) (SecurityDomainStatus, error) {
	return run(c.on(ctx, "", ""), domainUploadStatus, nothing{}, nil)
}

package vault

import "context"

// GetRandomBytes returns 1 to 128 random bytes of the module of a Managed HSM; a vault has none to give, 404 (errs.NotFound).
// Another number is 400 (errs.BadParameter). The errors of hardware come on top.
func (c *Client) GetRandomBytes(ctx context.Context, count int) ([]byte, error) {
	return run(c.on(ctx, "", ""), randomGet, randomCount(count), nil)
}

// ListSettings returns every setting of a Managed HSM; a vault has none, 404 (errs.NotFound). It is no sequence like the other
// lists: there is a handful of settings, and the service answers them whole.
func (c *Client) ListSettings(ctx context.Context) ([]Setting, error) {
	return run(c.on(ctx, "", ""), settingsList, nothing{}, nil)
}

// GetSetting returns a setting of a Managed HSM, such as that of the name AllowKeyManagementOperationsThroughARM; names compare
// without case. A name that none has is 400 (errs.InvalidSetting). A vault has no settings, 404 (errs.NotFound).
func (c *Client) GetSetting(ctx context.Context, name string) (Setting, error) {
	return run(c.on(ctx, name, ""), settingGet, nothing{}, nil)
}

// UpdateSetting changes the value of a setting of a Managed HSM to "true" or "false", and answers the setting. Another value is
// 400 (errs.BadParameter), and a name that none has 400 (errs.InvalidSetting). A vault has no settings, 404 (errs.NotFound).
func (c *Client) UpdateSetting(ctx context.Context, name, value string) (Setting, error) {
	return run(c.on(ctx, name, ""), settingUpdate, settingValue(value), nil)
}

package vault

import "context"

// The methods below are of a Managed HSM; a vault answers them with 404 (errs.NotFound). Before it is activated it
// answers 403 (errs.NotActivated) to whoever has the right.

// GetRandomBytes returns 1 to 128 random bytes of the module. Another number is 400 (errs.BadParameter).
func (c *Client) GetRandomBytes(ctx context.Context, count int) ([]byte, error) {
	return run(c.on(ctx, "", ""), randomGet, randomCount(count), nil)
}

// ListSettings returns every setting.
func (c *Client) ListSettings(ctx context.Context) ([]Setting, error) {
	return run(c.on(ctx, "", ""), settingsList, nothing{}, nil)
}

// GetSetting returns a setting. A name that none has is 400 (errs.InvalidSetting).
func (c *Client) GetSetting(ctx context.Context, name string) (Setting, error) {
	return run(c.on(ctx, name, ""), settingGet, nothing{}, nil)
}

// UpdateSetting changes the value of a setting, "true" or "false", and answers it. A name that none has is 400
// (errs.InvalidSetting).
func (c *Client) UpdateSetting(ctx context.Context, name, value string) (Setting, error) {
	return run(c.on(ctx, name, ""), settingUpdate, settingValue(value), nil)
}

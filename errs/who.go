package errs

// Who is the caller as refusals show it.
type Who struct {
	AppID    string // application (client) id
	ObjectID string // object id of the service principal or user
	TenantID string // tenant whose token it was
	// ResourceID is the resource of a managed identity. The firewall's texts show it; "" is shown nowhere.
	ResourceID string
}

// String gives the caller in the form of the service's texts.
func (w Who) String() string {
	text := "appid=" + w.AppID + ";oid=" + w.ObjectID + ";iss=https://sts.windows.net/" + w.TenantID + "/"
	if w.ResourceID != "" {
		text += ";xms_mirid=" + w.ResourceID + ";xms_az_rid=" + w.ResourceID
	}
	return text
}

// Where is the vault as refusals show it.
type Where struct {
	Vault    string // name of the vault, not its host
	Location string // region, such as westeurope
}

// String gives the vault in the form of the service's texts.
func (w Where) String() string { return w.Vault + ";location=" + w.Location }

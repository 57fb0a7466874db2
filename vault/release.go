package vault

// ReleasePolicy says to whom an exportable key may be released.
type ReleasePolicy struct {
	// ContentType is the type of Data. "": "application/json; charset=utf-8".
	ContentType string
	// Immutable policies cannot be changed.
	Immutable bool
	// Data is the policy, as JSON.
	Data []byte
}

package vault

import (
	"slices"
	"strings"

	"github.com/embedvault/embedvault/errs"
)

// apiVersion is a version of the REST protocol. A newer one is greater.
type apiVersion uint8

// The versions that the service knows. An older one does not show what came later.
const (
	v70 apiVersion = iota
	v71            // recoverableDays
	v72
	v73 // rotation
	v74 // exportable
	v75 // hsmPlatform
	v76
	v2025
	v2026
)

var apiVersions = []string{"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"}

// String returns the version as a request spells it, such as "7.4".
func (a apiVersion) String() string { return apiVersions[a] }

// newestVersion is the newest that there is.
const newestVersion = v2026

// maxVersionText is how much of versions that contradict each other is read, in bytes.
const maxVersionText = 128

// readVersion reads the api-version of a query. Versions that contradict each other are one that nobody knows.
func readVersion(query string) (apiVersion, error) {
	text := ""
	for name, value := range members(query) {
		if !strings.EqualFold(name, "api-version") || value == text {
			continue
		}
		if text != "" {
			value = text + "," + value
		}
		if text = value; len(text) > maxVersionText {
			break
		}
	}
	if text == "" {
		return 0, errs.NewMissingVersion()
	}
	known := slices.Index(apiVersions, text)
	if known < 0 {
		return 0, errs.NewUnknownVersion(text, apiVersions[len(apiVersions)-1])
	}
	return apiVersion(known), nil
}

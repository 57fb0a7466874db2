package vault

import (
	"slices"
	"strings"

	"github.com/embedvault/embedvault/errs"
)

// APIVersion is a version of the REST protocol. A newer one is greater. Append only.
type APIVersion uint8

// The versions that the service knows. An older one does not show what came later.
const (
	V7_0 APIVersion = iota
	V7_1            // recoverableDays
	V7_2
	V7_3 // rotation
	V7_4 // exportable
	V7_5 // hsmPlatform
	V7_6
	V2025_07_01
	V2026_04_01
)

var apiVersions = []string{"7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"}

// String returns the version as a request spells it, such as "7.4".
func (a APIVersion) String() string {
	if int(a) < len(apiVersions) {
		return apiVersions[a]
	}
	return "unknown"
}

// apiVersion reads the api-version of a query. Versions that contradict each other are one that nobody knows.
func apiVersion(query string) (APIVersion, error) {
	text := ""
	for name, value := range members(query) {
		if !strings.EqualFold(name, "api-version") || value == text {
			continue
		}
		if text != "" {
			value = text + "," + value
		}
		text = value
	}
	if text == "" {
		return 0, errs.NewMissingVersion()
	}
	known := slices.Index(apiVersions, text)
	if known < 0 {
		return 0, errs.NewUnknownVersion(text, apiVersions[len(apiVersions)-1])
	}
	return APIVersion(known), nil
}

package vault

import (
	"maps"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/errs"
)

// Setting is a setting of a Managed HSM.
type Setting struct {
	Name  string // such as AllowKeyManagementOperationsThroughARM
	Value string // "true" or "false"
	Type  string // "boolean"
}

// AllowKeyManagementOperationsThroughARM is the setting that lets the control plane manage keys.
const AllowKeyManagementOperationsThroughARM = "AllowKeyManagementOperationsThroughARM"

// knownSettings are the settings of a Managed HSM with their values at first, in the order in which they are listed.
var knownSettings = []Setting{{AllowKeyManagementOperationsThroughARM, "false", "boolean"}}

// settingList is the output of SettingsList.
type settingList []Setting

// listSettings answers every setting.
func listSettings(c call, _ nothing) (all settingList, _ error) {
	for _, s := range knownSettings {
		all = append(all, c.set.hsm.setting(s))
	}
	return all, nil
}

// setting is a known setting as it is now.
func (h hsmState) setting(s Setting) Setting {
	if value, ok := h.Settings[s.Name]; ok {
		s.Value = value
	}
	return s
}

// knownSetting finds a setting, compared without case.
func knownSetting(name string) (Setting, error) {
	i := slices.IndexFunc(knownSettings, func(s Setting) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return Setting{}, errs.NewInvalidSetting()
	}
	return knownSettings[i], nil
}

// getSetting answers the setting that the path names.
func getSetting(c call, _ nothing) (Setting, error) {
	s, err := knownSetting(c.name)
	if err != nil {
		return Setting{}, err
	}
	return c.set.hsm.setting(s), nil
}

// settingValue is the input of SettingUpdate.
type settingValue string

func (v settingValue) validate(*settings) error {
	if v != "true" && v != "false" {
		return errs.NewInvalidProperty("value", "It must be true or false")
	}
	return nil
}

// updateSetting changes the setting that the path names.
func updateSetting(c call, v settingValue) (Setting, error) {
	s, err := knownSetting(c.name)
	if err != nil {
		return Setting{}, err
	}
	err = c.container.change(c.ctx, func(next *settings) error {
		changed := map[string]string{}
		maps.Copy(changed, next.hsm.Settings)
		changed[s.Name] = string(v)
		next.hsm.Settings = changed
		return nil
	})
	s.Value = string(v)
	return s, err
}

package vault

import "strings"

// geographies lists the regions that share one: a backup can be restored in any region of its geography.
var geographies = map[string]string{
	"united states":        "eastus eastus2 eastus3 centralus northcentralus southcentralus westcentralus westus westus2 westus3",
	"europe":               "northeurope westeurope",
	"asia pacific":         "eastasia southeastasia",
	"australia":            "australiaeast australiasoutheast australiacentral australiacentral2",
	"brazil":               "brazilsouth brazilsoutheast",
	"canada":               "canadacentral canadaeast",
	"france":               "francecentral francesouth",
	"germany":              "germanywestcentral germanynorth",
	"india":                "centralindia southindia westindia",
	"japan":                "japaneast japanwest",
	"korea":                "koreacentral koreasouth",
	"norway":               "norwayeast norwaywest",
	"south africa":         "southafricanorth southafricawest",
	"sweden":               "swedencentral swedensouth",
	"switzerland":          "switzerlandnorth switzerlandwest",
	"united arab emirates": "uaenorth uaecentral",
	"united kingdom":       "uksouth ukwest",
}

// foldRegion returns the name of a region as names compare: "West Europe" is "westeurope".
func foldRegion(region string) string { return strings.ToLower(strings.ReplaceAll(region, " ", "")) }

// geography returns where a region lies. A region that is not listed is a geography of its own.
func geography(region string) string {
	region = foldRegion(region)
	for name, regions := range geographies {
		for r := range strings.FieldsSeq(regions) {
			if r == region {
				return name
			}
		}
	}
	return region
}

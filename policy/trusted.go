package policy

import "slices"

// trustedServices are the platform services that get past the rules of a vault whose bypass is AzureServices: about
// forty in the service's documentation, of which these are modelled. Neither a web app's own calls nor Azure DevOps are
// among them.
var trustedServices = []string{
	"Azure AI Search",
	"Azure API Management",
	"Azure App Service", // to deploy a certificate; not what a web app asks for itself
	"Azure Application Gateway",
	"Azure Backup",
	"Azure Batch",
	"Azure Bot Service",
	"Azure CDN",
	"Azure Container Registry",
	"Azure Data Factory",
	"Azure Data Lake Store",
	"Azure Database for MySQL",
	"Azure Database for PostgreSQL",
	"Azure Databricks",
	"Azure Disk Encryption",
	"Azure Disk Storage",
	"Azure Event Hubs",
	"Azure ExpressRoute",
	"Azure Firewall Premium",
	"Azure Front Door",
	"Azure Front Door Classic",
	"Azure Import/Export",
	"Azure Information Protection",
	"Azure Machine Learning",
	"Azure Monitor",
	"Azure NetApp Files",
	"Azure Policy",
	"Azure Resource Manager template deployment",
	"Azure Service Bus",
	"Azure SQL Database",
	"Azure Storage",
	"Azure Synapse Analytics",
	"Azure Virtual Machines deployment",
	"Exchange Online",
	"Microsoft 365",
	"Microsoft Power Platform",
	"Microsoft Purview",
	"SharePoint Online",
}

// TrustedServices returns the names that [Source] knows as trusted services, in a slice of the caller's own. They
// compare without regard to case.
func TrustedServices() []string { return slices.Clone(trustedServices) }

func isTrusted(service string) bool {
	for _, name := range trustedServices {
		if equalFold(name, service) {
			return true
		}
	}
	return false
}

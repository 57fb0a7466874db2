package policy_test

import (
	"fmt"

	"github.com/embedvault/embedvault/policy"
)

// A release policy names who must attest an environment and what must be said of it.
func ExampleReleasePolicy_Evaluate() {
	p, err := policy.ParseReleasePolicy([]byte(`{"version": "1.0.0", "anyOf": [{
		"authority": "https://sharedweu.weu.attest.azure.net",
		"allOf": [{"claim": "x-ms-isolation-tee.x-ms-attestation-type", "equals": "sevsnpvm"}, {"claim": "secureboot", "equals": true}]
	}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	claims := map[string]any{"x-ms-isolation-tee": map[string]any{"x-ms-attestation-type": "sevsnpvm"}, "secureboot": false}
	fmt.Println(p.Evaluate("https://sharedweu.weu.attest.azure.net", claims))
	claims["secureboot"] = "true"
	fmt.Println(p.Evaluate("https://sharedweu.weu.attest.azure.net", claims))
	// Output:
	// release denied to what https://sharedweu.weu.attest.azure.net attests
	//   claim "secureboot": expected true, found false
	// release allowed by https://sharedweu.weu.attest.azure.net
}

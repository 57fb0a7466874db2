package policy

import "encoding/json"

// networkJSON is the part of a vault's properties that concerns the network.
type networkJSON struct {
	ACLs struct {
		Bypass              Bypass        `json:"bypass,omitempty"`
		DefaultAction       DefaultAction `json:"defaultAction,omitempty"`
		IPRules             []ipRuleJSON  `json:"ipRules,omitzero"`
		VirtualNetworkRules []namedID     `json:"virtualNetworkRules,omitzero"`
	} `json:"networkAcls,omitzero"`
	PublicNetworkAccess PublicAccess   `json:"publicNetworkAccess,omitempty"`
	PrivateEndpoints    []endpointJSON `json:"privateEndpointConnections,omitzero"`
}

type ipRuleJSON struct {
	Value string `json:"value"`
}

type endpointJSON struct {
	ID         string `json:"id"`
	Properties struct {
		State struct {
			Status string `json:"status"`
		} `json:"privateLinkServiceConnectionState"`
	} `json:"properties"`
}

const approved = "Approved"

// MarshalJSON returns the rules as the properties of a vault in Azure Resource Manager.
func (r NetworkRules) MarshalJSON() ([]byte, error) {
	var wire networkJSON
	wire.ACLs.Bypass = r.Bypass
	wire.ACLs.DefaultAction = r.DefaultAction
	wire.PublicNetworkAccess = r.PublicNetworkAccess
	for _, value := range r.IPRules {
		wire.ACLs.IPRules = append(wire.ACLs.IPRules, ipRuleJSON{value})
	}
	if len(r.VirtualNetworkRules) > 0 {
		wire.ACLs.VirtualNetworkRules = objects(r.VirtualNetworkRules)
	}
	for _, id := range r.PrivateEndpoints {
		endpoint := endpointJSON{ID: id}
		endpoint.Properties.State.Status = approved
		wire.PrivateEndpoints = append(wire.PrivateEndpoints, endpoint)
	}
	return json.Marshal(wire)
}

// UnmarshalJSON reads what MarshalJSON writes. Private endpoint connections that are not approved are left out.
func (r *NetworkRules) UnmarshalJSON(data []byte) error {
	var wire networkJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*r = NetworkRules{
		DefaultAction:       wire.ACLs.DefaultAction,
		Bypass:              wire.ACLs.Bypass,
		PublicNetworkAccess: wire.PublicNetworkAccess,
		VirtualNetworkRules: ids(wire.ACLs.VirtualNetworkRules),
	}
	for _, rule := range wire.ACLs.IPRules {
		r.IPRules = append(r.IPRules, rule.Value)
	}
	for _, endpoint := range wire.PrivateEndpoints {
		if equalFold(endpoint.Properties.State.Status, approved) {
			r.PrivateEndpoints = append(r.PrivateEndpoints, endpoint.ID)
		}
	}
	return nil
}

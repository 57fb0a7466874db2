package vault

import "strings"

// wireLifetimeAction is an action of a rotation policy.
type wireLifetimeAction struct {
	Trigger struct {
		After  Period `json:"timeAfterCreate"`
		Before Period `json:"timeBeforeExpiry"`
	} `json:"trigger"`
	Action struct {
		Type ActionType `json:"type"`
	} `json:"action"`
}

func (rotationInput) read(r *Exchange) (in rotationInput, err error) {
	body, err := readJSON[struct {
		LifetimeActions []wireLifetimeAction `json:"lifetimeActions"`
		Attributes      struct {
			ExpiryTime Period `json:"expiryTime"`
		} `json:"attributes"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	in.expiry = body.Attributes.ExpiryTime
	for _, a := range body.LifetimeActions {
		in.actions = append(in.actions, LifetimeAction{Action: a.Action.Type, After: a.Trigger.After, Before: a.Trigger.Before})
	}
	return in, nil
}

func (p RotationPolicy) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	w.text("id", onHost(p.ID, r.Host))
	w.open("lifetimeActions", '[')
	for _, a := range p.Actions {
		a.appendTo(&w, r)
	}
	w.Close(']')
	w.open("attributes", '{')
	w.optional("expiryTime", string(p.ExpiryTime))
	w.time("created", p.Created)
	w.time("updated", p.Updated)
	w.Close('}')
	return w.end()
}

func (a LifetimeAction) appendTo(w *object, r *Exchange) {
	action := string(a.Action)
	if r.managed {
		action = strings.ToLower(action)
	}
	w.Open('{')
	w.open("trigger", '{')
	w.optional("timeAfterCreate", string(a.After))
	w.optional("timeBeforeExpiry", string(a.Before))
	w.Close('}')
	w.open("action", '{')
	w.text("type", action)
	w.Close('}')
	w.Close('}')
}

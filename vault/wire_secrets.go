package vault

import "github.com/embedvault/embedvault/errs"

func (secretInput) read(r *Exchange) (in secretInput, err error) {
	body, err := readJSON[struct {
		Value       *string           `json:"value"`
		ContentType string            `json:"contentType"`
		Attributes  wireAttributes    `json:"attributes"`
		Tags        map[string]string `json:"tags"`
	}](r, bodyLimit)
	if err != nil {
		return in, err
	}
	if body.Value == nil {
		return in, errs.NewInvalidValue()
	}
	in.value = *body.Value
	in.SetSecretOptions = SetSecretOptions{ContentType: body.ContentType, Validity: body.Attributes.validity(), Tags: body.Tags}
	return in, nil
}

func (secretUpdate) read(r *Exchange) (in secretUpdate, err error) {
	body, err := readJSON[struct {
		ContentType *string           `json:"contentType"`
		Attributes  wireAttributes    `json:"attributes"`
		Tags        map[string]string `json:"tags"`
	}](r, bodyLimit)
	in.UpdateSecretOptions = UpdateSecretOptions{ContentType: body.ContentType, Attributes: body.Attributes.update(), Tags: body.Tags}
	return in, err
}

func (s Secret) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	s.members(&w, r)
	return w.end()
}

func (s Secret) members(w *object, r *Exchange) {
	if s.Value.p != nil {
		w.text("value", s.Value.Reveal())
	}
	appendSecret(w, r, s.ID, s.ContentType, &s.Attributes, s.Tags)
}

func (s SecretItem) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	s.members(&w, r)
	return w.end()
}

func (s SecretItem) members(w *object, r *Exchange) {
	appendSecret(w, r, s.ID, s.ContentType, &s.Attributes, s.Tags)
}

// appendSecret appends what a secret and its item in a list show alike.
func appendSecret(w *object, r *Exchange, id ID, contentType string, a *Attributes, tags map[string]string) {
	w.optional("contentType", contentType)
	w.id("id", id, r.Host)
	w.attributes(a, r)
	w.Close('}')
	w.tags(tags)
}

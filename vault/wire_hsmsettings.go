package vault

import "github.com/embedvault/embedvault/errs"

func (settingValue) read(r *Exchange) (settingValue, error) {
	data, err := r.read(bodyLimit)
	if err != nil {
		return "", err
	}
	if len(data) == 0 {
		return "", errs.NewNoContentProvided()
	}
	body, err := parseJSON[struct {
		Value *string `json:"value"`
	}](data)
	if err != nil {
		return "", err
	}
	if body.Value == nil {
		return "", errs.NewInvalidValue()
	}
	return settingValue(*body.Value), nil
}

func (s Setting) appendTo(dst []byte, _ *Exchange) []byte {
	w := begin(dst)
	w.text("name", s.Name)
	w.text("type", s.Type)
	w.text("value", s.Value)
	return w.end()
}

func (l settingList) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	list(&w, "settings", l, r)
	return w.end()
}

package vault

func (randomCount) read(r *Exchange) (randomCount, error) {
	body, err := readJSON[struct {
		Count randomCount `json:"count"`
	}](r, bodyLimit)
	return body.Count, err
}

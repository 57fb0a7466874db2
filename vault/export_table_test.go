package vault

import (
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
)

// Row is what the table of operations says of one operation.
type Row struct {
	Operation    Operation
	Method, Path string
	Status       int
	Right        policy.Right
	Class        limiter.Class
}

// Table returns the rows of the table in their order.
func Table() []Row {
	var rows []Row
	for _, r := range registry {
		rows = append(rows, Row{r.operation, r.method, r.path, r.status, r.right, r.class})
	}
	return rows
}

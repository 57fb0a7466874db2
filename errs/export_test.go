package errs

// Row is what tests may see of a row.
type Row struct {
	ID, Template, Plain, Container, When string
	Status                               int
	Code, Inner                          Code
	Grade                                Grade
	Twin                                 string // id, "" if none
}

// Rows gives the whole catalogue.
func Rows() []Row {
	var all []Row
	for r := range rows() {
		twin := ""
		if r.twin != nil {
			twin = r.twin.id
		}
		all = append(all, Row{
			r.id, r.template, r.plain, [...]string{"vault", "managed HSM", "both"}[r.container], r.when,
			r.status, r.code, r.inner, r.grade, twin,
		})
	}
	return all
}

// RowID gives the id of the row e was made from, "" if none.
func RowID(e *Error) string {
	if e.row == nil {
		return ""
	}
	return e.row.id
}

// Fill is fill.
func Fill(template string, args ...string) string { return fill(template, args) }

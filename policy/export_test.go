package policy

// CompileAnyAccessPolicies compiles more entries than a vault may have, to see how lookups scale.
func CompileAnyAccessPolicies(entries []AccessPolicy) (*AccessPolicies, error) {
	return compileAccessPolicies(entries)
}

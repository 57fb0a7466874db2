package errs

import "strconv"

// 400 Bad Request of keys: their material, their algorithms, their release
// policies.

var parameterIncorrect = row{
	id: "parameter-incorrect", status: 400, code: BadParameter,
	template: "The parameter is incorrect.\r\n", grade: Recorded,
	when: "A ciphertext or wrapped key that does not open under this key. One answer for every reason, so that it tells nothing about the plaintext.",
}

// NewParameterIncorrect refuses what does not decrypt or unwrap, for
// whatever reason.
func NewParameterIncorrect() *Error { return parameterIncorrect.new() }

var invalidLength = row{
	id: "invalid-length", status: 400, code: BadParameter,
	template: "Invalid length of 'value': {got} bytes. {alg} requires {want} bytes, encoded with base64url.", grade: Issue,
	when: "Sign or verify of a digest whose length is not the algorithm's.",
}

// NewInvalidLength refuses a digest of got bytes where alg takes want.
func NewInvalidLength(alg string, got, want int) *Error {
	return invalidLength.new("alg", alg, "got", strconv.Itoa(got), "want", strconv.Itoa(want))
}

var curveMismatch = row{
	id: "curve-mismatch", status: 400, code: BadParameter,
	template: "Key and signing algorithm are incompatible. Key {kid} uses curve '{crv}', and algorithm '{alg}' can only be used with curve '{required}'.",
	grade:    Issue,
	when:     "Sign or verify by an algorithm of another curve.",
}

// NewCurveMismatch refuses alg, which needs the curve required, for the key
// kid, a URL, whose curve is crv.
func NewCurveMismatch(kid, crv, alg, required string) *Error {
	return curveMismatch.new("kid", kid, "crv", crv, "alg", alg, "required", required)
}

var unsupportedAlgorithm = row{
	id: "unsupported-algorithm", status: 400, code: BadParameter,
	template: "Key and algorithm are incompatible. Algorithm '{alg}' can not be used with a key of type '{kty}'.", grade: Inferred,
	when: "An algorithm that is unknown, or not for keys of this type.",
}

// NewUnsupportedAlgorithm refuses alg for keys of type kty, such as RSA.
func NewUnsupportedAlgorithm(alg, kty string) *Error {
	return unsupportedAlgorithm.new("alg", alg, "kty", kty)
}

var invalidJWK = row{
	id: "invalid-jwk", status: 400, code: BadParameter,
	template: "The property \"key\" must be a valid JsonWebKey object.", grade: Recorded, twin: &hsmKtyMissing,
	when: "Import of an empty or invalid key object.",
}

// NewInvalidJWK refuses key material that is not a key.
func NewInvalidJWK() *Error { return invalidJWK.new() }

var exportableNotSupported = row{
	id: "exportable-not-supported", status: 400, code: BadParameter,
	template: "AKV.SKR.1001: The exportable attribute is only supported with premium vaults and API version >= '7.3-preview'.", grade: Issue,
	when: "The exportable attribute in a standard vault or under an older api-version.",
}

// NewExportableNotSupported refuses exportable keys where there are none.
func NewExportableNotSupported() *Error { return exportableNotSupported.new() }

var exportableFixed = row{
	id: "exportable-fixed", status: 400, code: BadParameter,
	template: "AKV.SKR.1003: The exportable attribute of an existing key cannot be changed.", grade: Inferred,
	when: "A new version with another exportable attribute. The number is quoted, the words are ours.",
}

// NewExportableFixed refuses to change whether a key is exportable.
func NewExportableFixed() *Error { return exportableFixed.new() }

var exportableNeedsPolicy = row{
	id: "exportable-needs-policy", status: 400, code: BadParameter,
	template: "AKV.SKR.1004: Exportable keys must have release policy.", grade: Recorded, twin: &hsmExportableNeedsPolicy,
	when: "An exportable key without a release policy.",
}

// NewExportableNeedsPolicy refuses an exportable key without a release policy.
func NewExportableNeedsPolicy() *Error { return exportableNeedsPolicy.new() }

var policyNeedsExportable = row{
	id: "policy-needs-exportable", status: 400, code: BadParameter,
	template: "AKV.SKR.1005: Non-exportable keys must not have release policy.", grade: Recorded, twin: &hsmPolicyNeedsExportable,
	when: "A release policy for a key that is not exportable.",
}

// NewPolicyNeedsExportable refuses a release policy of a key that never leaves.
func NewPolicyNeedsExportable() *Error { return policyNeedsExportable.new() }

var exportableNeedsHardware = row{
	id: "exportable-needs-hardware", status: 400, code: BadParameter,
	template: "AKV.SKR.1006: Exportable keys must be HSM keys.", grade: Inferred,
	when: "An exportable software key in a premium vault. The number is quoted, the words are ours.",
}

// NewExportableNeedsHardware refuses an exportable key in software.
func NewExportableNeedsHardware() *Error { return exportableNeedsHardware.new() }

var attestationUnreachable = row{
	id: "attestation-unreachable", status: 400, code: BadParameter,
	template: "AKV.SKR.1012: The specified attestation service {authority} cannot be reached.", grade: Recorded,
	when: "The authority of a release policy does not answer. In the recording its name is empty.",
}

// NewAttestationUnreachable refuses a release policy whose authority, a URL, does
// not answer.
func NewAttestationUnreachable(authority string) *Error {
	return attestationUnreachable.new("authority", echo(authority))
}

var policyNeedsVersionless = row{
	id: "policy-needs-versionless", status: 400, code: BadParameter,
	template: "AKV.SKR.1016: Key Release Policy can only be set on versionless key", grade: Issue,
	when: "Update of the release policy of a version.",
}

// NewPolicyNeedsVersionless refuses to change the release policy of a version.
func NewPolicyNeedsVersionless() *Error { return policyNeedsVersionless.new() }

var policyImmutable = row{
	id: "policy-immutable", status: 400, code: BadParameter,
	template: "AKV.SKR.1020: Immutable Key Release Policy cannot be modified.", grade: Recorded, twin: &hsmPolicyImmutable,
	when: "Change of a release policy that is marked immutable.",
}

// NewPolicyImmutable refuses to change a release policy that is immutable.
func NewPolicyImmutable() *Error { return policyImmutable.new() }

var policyVersion = row{
	id: "policy-version", status: 400, code: BadParameter,
	template: "Property release_policy.data has invalid value. The member version is missing\r\n", grade: Inferred, twin: &hsmPolicyVersion,
	when: "A release policy without a version.",
}

// NewPolicyVersion refuses a release policy without a version.
func NewPolicyVersion() *Error { return policyVersion.new() }

package errs

// Certificates: pending requests, issuers, contacts, import and merge.

var pendingNotFound = row{
	id: "pending-not-found", status: 404, code: PendingCertificateNotFound,
	template: "Pending certificate not found: {name}", grade: Recorded,
	when: "Get of a pending request that does not exist.",
}

var pendingNotFoundChange = row{
	id: "pending-not-found-change", status: 404, code: PendingCertificateNotFound,
	template: "Pending Certificate not found: {name}", grade: Recorded,
	when: "Delete or merge of a pending request that does not exist: with a capital C.",
}

var issuerNotFound = row{
	id: "issuer-not-found", status: 404, code: CertificateIssuerNotFound,
	template: "Issuer not found", grade: Recorded,
	when: "Get or delete of an issuer that does not exist.",
}

var issuerNotFoundUpdate = row{
	id: "issuer-not-found-update", status: 404, code: CertificateIssuerNotFound,
	template: "Issuer {name} not found", grade: Recorded,
	when: "Update of an issuer that does not exist.",
}

var contactsNotFound = row{
	id: "contacts-not-found", status: 404, code: ContactsNotFound,
	template: "Contacts not found", grade: Recorded,
	when: "Get or delete of contacts that were never set.",
}

var certificatePending = row{
	id: "certificate-pending", status: 409, code: Conflict,
	template: "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.",
	grade:    Recorded,
	when:     "Create or import while a request for the same name is in progress. The documentation shows another code.",
}

var certificateExpired = row{
	id: "certificate-expired", status: 400, code: BadParameter,
	template: "X509 Certificate is already expired", grade: Recorded,
	when: "Import of a certificate whose time is over. The text is that of older builds; a newer one is not known.",
}

var pfxUnreadable = row{
	id: "pfx-unreadable", status: 400, code: BadParameter,
	template: "The specified PKCS#12 X.509 certificate content can not be read. Please check if certificate is in valid PKCS#12 format.",
	grade:    Issue,
	when:     "Import of a PFX that cannot be read, or not by this password.",
}

var pemUnreadable = row{
	id: "pem-unreadable", status: 400, code: BadParameter,
	template: "The specified PEM X.509 certificate content is in an unexpected format. Please check if certificate is in valid PEM format.",
	grade:    Issue,
	when:     "Import of PEM that cannot be read.",
}

var pemWithoutKey = row{
	id: "pem-without-key", status: 400, code: BadParameter,
	template: "Private key is not specified in the specified X.509 PEM certificate content. Please specify private key in the X.509 PEM certificate content.",
	grade:    Issue,
	when:     "Import of PEM without a private key.",
}

var certificateKeyMismatch = row{
	id: "certificate-key-mismatch", status: 400, code: BadParameter,
	template: "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid.",
	grade:    Recorded,
	when:     "Import of a certificate that is for another key than the one beside it.",
}

var certificateUnreadable = row{
	id: "certificate-unreadable", status: 400, code: BadParameter,
	template: "Certificate can not be read. Please check if certificate is valid.", grade: Recorded,
	when: "Merge of something that is no certificate.",
}

var x5cTooLong = row{
	id: "x5c-too-long", status: 400, code: BadParameter,
	template: "value is too long.", grade: Recorded,
	when: "Merge of a certificate that is too long.",
}

var leafNotFound = row{
	id: "leaf-not-found", status: 400, code: BadParameter,
	template: "Unable to parse X5c certificate chain and locate leaf certificate", grade: Recorded,
	when: "Merge of certificates none of which is for the pending key.",
}

var pendingNotCancellable = row{
	id: "pending-not-cancellable", status: 400, code: BadParameter,
	template: "The pending certificate operation can not be cancelled because its status is not inProgress.", grade: Inferred,
	when: "Cancel of a request that is no longer in progress. The status is documented, code and text are ours.",
}

var requestRejected = row{
	id: "request-rejected", status: 200, code: RequestRejected,
	template: "The call to DigiCert failed with Error code {code} and Message {message}. If you have any questions or concerns, please feel free to reach out to DigiCert for support at support@digicert.com or 1-801-701-9600.",
	grade:    Recorded,
	when:     "The issuer refused. It stands in the error member of the certificate operation, inside a successful answer.",
}

var issuerFailed = row{
	id: "issuer-failed", status: 200, code: CertificateIssuerError,
	template: "The issuer encountered an error processing the certificate request.", grade: Doc,
	when: "The issuer failed. It stands in the error member of the certificate operation, inside a successful answer.",
}

package errs

import "iter"

// catalogue lists the rows that stand alone, in the order of ERRORS.md. A Code
// on its own is answered with the first row that bears it.
var catalogue = [...]*row{
	&missingToken, &invalidAudience, &invalidIssuer, &unknownSigningKey,
	&tokenExpired, &tokenNotYetValid, &tokenRejected, &claimsChallenge,
	&hsmTokenRejected, &hsmTokenNotYetValid, &hsmMissingToken,

	&accessDenied, &forbiddenByPolicy, &forbiddenByRbac, &firstPartyDenied,
	&forbiddenByFirewall, &forbiddenByFirewallNoBypass, &forbiddenBySubnet,
	&forbiddenByConnection, &forbiddenByConnectionNoBypass,
	&keyOperationForbidden, &keyDisabled, &keyNotYetValid, &keyExpired, &secretDisabled,
	&hardwareKeysNotSupported, &purgeProtected, &attestationRefused, &mergeForbidden, &rootForbidden,
	&notAuthorized, &notActivated,

	&throttled,

	&invalidName, &operationNotSpecified, &methodDoesNotAllow, &unknownVersion, &missingVersion,
	&invalidValue, &invalidProperty, &notBase64url, &valueTooLong, &badArgument, &namePage,
	&parameterIncorrect, &invalidLength, &curveMismatch, &unsupportedAlgorithm, &invalidJWK,
	&exportableNotSupported, &exportableFixed, &exportableNeedsPolicy, &policyNeedsExportable,
	&exportableNeedsHardware, &attestationUnreachable, &policyNeedsVersionless, &policyImmutable, &policyVersion,
	&corruptBackup, &unknownBackupVersion, &foreignBackup, &tooManyVersions,
	&certificateExpired, &pfxUnreadable, &pemUnreadable, &pemWithoutKey, &certificateKeyMismatch,
	&certificateUnreadable, &x5cTooLong, &leafNotFound, &pendingNotCancellable,
	&hsmInvalidName, &hsmKtyMissing, &hsmExportableNeedsPolicy, &hsmPolicyNeedsExportable,
	&hsmPolicyVersion, &hsmPolicyImmutable, &randomCount, &hsmForeignBackup,
	&roleDefinitionName, &roleDefinitionBuiltIn, &roleAssignmentExists,
	&invalidSetting, &noContentProvided, &ekmExists, &backupSAS,
	&rotationNeedsPolicy, &tooManyKeys, &tooManyKeyVersions, &tooManyRoles, &invalidRole,
	&invalidSecurityDomain, &backupStorage, &externalKeysNotOffered,

	&pendingNotFound, &pendingNotFoundChange, &issuerNotFound, &issuerNotFoundUpdate, &contactsNotFound,
	&unknownPath, &hsmKeyNotFound, &hsmDeletedKeyNotFound, &hsmRotateNotFound,
	&roleAssignmentNotFound, &roleDefinitionNotFound,
	&operationNotOffered, &jobNotFound, &ekmNotFound,

	&methodNotAllowed, &notAcceptable, &bodyTooLarge, &unsupportedMediaType,

	&certificatePending, &restoreInProgress, &jobRunning, &writerConflict, &vaultAlreadyExists, &vaultNameNotValid,

	&internalError, &hsmUnknownError, &hardwareTampered, &hsmHardwareTampered,
	&hardwareBusy, &hardwareSessionLost, &hardwareOffline,

	&requestRejected, &issuerFailed, &backupJobSAS,
}

// lives lists the rows that every kind has.
var lives = [...]*[NumKinds]row{
	&notFound, &deletedNotFound,
	&deletedButRecoverable, &beingDeleted, &beingRecovered,
	&recoverWhileDeleting, &purgeWhileDeleting, &recoverConflict, &restoreConflict,
	&existsAlready, &notDeleted, &managed,
}

// rows yields the whole catalogue.
func rows() iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for _, r := range catalogue {
			if !yield(r) {
				return
			}
		}
		for _, l := range lives {
			for k := range l {
				if !yield(&l[k]) {
					return
				}
			}
		}
	}
}

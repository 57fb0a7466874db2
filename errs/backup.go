package errs

import "strconv"

// 400 Bad Request of restore. The code is spelled with blanks by a vault and
// without by a Managed HSM; MalformedBackupBlob matches both.

var corruptBackup = row{
	id: "corrupt-backup", status: 400, code: malformedBackupBlob,
	template: "Backup blob is corrupt.", grade: Recorded, twin: &hsmForeignBackup,
	when: "What is restored is no backup.",
}

// NewCorruptBackup refuses to restore what is no backup.
func NewCorruptBackup() *Error { return corruptBackup.new() }

var unknownBackupVersion = row{
	id: "unknown-backup-version", status: 400, code: malformedBackupBlob,
	template: "Backup blob contains invalid or corrupt version.", grade: Recorded, twin: &hsmForeignBackup,
	when: "What is restored has the form of a backup, but a version that is not known.",
}

// NewUnknownBackupVersion refuses to restore a backup of an unknown version.
func NewUnknownBackupVersion() *Error { return unknownBackupVersion.new() }

var foreignBackup = row{
	id: "foreign-backup", status: 400, code: malformedBackupBlob,
	template: "Cannot decrypt backup blob.", grade: Issue, twin: &hsmForeignBackup,
	when: "A backup made in another geography or subscription. The text is quoted, status and code are inferred.",
}

// NewForeignBackup refuses to restore a backup from another subscription or
// geography.
func NewForeignBackup() *Error { return foreignBackup.new() }

var tooManyVersions = row{
	id: "too-many-versions", status: 400, code: BadParameter, container: both,
	template: "The object has more than {max} versions and cannot be backed up.", grade: Inferred,
	when: "A backup of an object with too many versions.",
}

// NewTooManyVersions refuses to back up an object with more than max versions.
func NewTooManyVersions(max int) *Error { return tooManyVersions.new("max", strconv.Itoa(max)) }

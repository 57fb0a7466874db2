package vault

// wireMembers is what can be shown as deleted: it appends its members to those of the deletion.
type wireMembers interface {
	members(w *object, r *Exchange)
}

func (d Deleted[T]) appendTo(dst []byte, r *Exchange) []byte {
	w := begin(dst)
	w.text("recoveryId", onHost(d.RecoveryID, r.Host))
	w.time("deletedDate", d.DeletedAt)
	w.time("scheduledPurgeDate", d.ScheduledPurge)
	any(d.Object).(wireMembers).members(&w, r)
	return w.end()
}

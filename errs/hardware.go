package errs

import "time"

// What a hardware module answers when it cannot do its work. The service's own
// answers are not known; a client retries 503, and 500 until it gives up.

var hardwareBusy = row{
	id: "hardware-busy", status: 503, code: ServiceUnavailable, inner: HardwareBusy, container: both,
	template: "The HSM is busy. Please retry the operation.", grade: Inferred,
	when: "The hardware module has more to do than it takes on, or its security domain is replaced at this moment.",
}

// NewHardwareBusy refuses what the hardware module has no capacity for; it has
// some after retryAfter, which the message does not show, 0 when not known.
func NewHardwareBusy(retryAfter time.Duration) *Error {
	e := hardwareBusy.new()
	e.RetryAfter = retryAfter
	return e
}

var hardwareSessionLost = row{
	id: "hardware-session-lost", status: 503, code: ServiceUnavailable, inner: HardwareSessionLost, container: both,
	template: "The session with the HSM was lost. Please retry the operation.", grade: Inferred,
	when: "The hardware module closed its session with the service. The next request opens another.",
}

// NewHardwareSessionLost refuses a request whose session with the hardware
// module is gone. A retry gets a new one.
func NewHardwareSessionLost() *Error { return hardwareSessionLost.new() }

var hardwareOffline = row{
	id: "hardware-offline", status: 503, code: ServiceUnavailable, inner: HardwareOffline, container: both,
	template: "The HSM is not available. Please retry the operation later.", grade: Inferred,
	when: "The hardware module cannot be reached.",
}

// NewHardwareOffline refuses whatever needs a hardware module that cannot be
// reached.
func NewHardwareOffline() *Error { return hardwareOffline.new() }

var hardwareTampered = row{
	id: "hardware-tampered", status: 500, code: ServerError, inner: HardwareTampered, twin: &hsmHardwareTampered,
	template: "The HSM detected tampering and erased its keys. Its security domain must be restored.", grade: Inferred,
	when: "The hardware module erased its own key and knows no key until it is restored.",
}

var hsmHardwareTampered = row{
	id: "hsm-hardware-tampered", status: 500, code: UnknownError, inner: HardwareTampered, container: managedHSM,
	template: "The HSM detected tampering and erased its keys. Its security domain must be restored. (Activity ID: {activity})", grade: Inferred,
	when: "The hardware module erased its own key and knows no key until it is restored.",
}

// NewHardwareTampered refuses whatever needs a hardware module that has erased
// its own key. Only restoring it helps, never a retry.
func NewHardwareTampered() *Error { return hardwareTampered.new() }

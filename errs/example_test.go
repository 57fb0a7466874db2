package errs_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/embedvault/embedvault/errs"
)

// getSecret stands for any call to a vault.
func getSecret() error {
	return fmt.Errorf("load configuration: %w", errs.NewSecretDisabled("get"))
}

func ExampleCode() {
	err := getSecret()
	switch {
	case errors.Is(err, errs.SecretNotFound):
		fmt.Println("create it")
	case errors.Is(err, errs.SecretDisabled):
		fmt.Println("enable it")
	case errors.Is(err, errs.Forbidden):
		fmt.Println("ask for the right to it")
	}
	// Output: enable it
}

func ExampleError() {
	err := error(errs.NewThrottled(2 * time.Second))
	var refused *errs.Error
	if errors.As(err, &refused) && refused.Status == 429 {
		fmt.Println("wait", refused.RetryAfter)
	}
	// Output: wait 2s
}

func ExampleError_AppendBody() {
	body := errs.NewKeyDisabled("sign").AppendBody(nil)
	fmt.Println(string(body))
	// Output: {"error":{"code":"Forbidden","message":"Operation sign is not allowed on a disabled key.","innererror":{"code":"KeyDisabled"}}}
}

func ExampleStatusOf() {
	fmt.Println(errs.StatusOf(nil))
	fmt.Println(errs.StatusOf(errs.Key.NotFound("app")))
	fmt.Println(errs.StatusOf(errors.New("disk full")))
	// Output:
	// 200
	// 404
	// 500
}

func ExampleFrom() {
	err := errs.From(errors.New("write vault.db: no space left on device"))
	fmt.Println(err.Status, errors.Is(err, errs.Internal))
	fmt.Println(err)
	fmt.Println("for the operator:", err.Cause)
	// Output:
	// 500 true
	// ServerError: ActivityId: 00000000-0000-0000-0000-000000000000, ActivityName: Unknown
	// for the operator: write vault.db: no space left on device
}

func ExampleKind() {
	for k := range errs.Kind(errs.NumKinds) {
		fmt.Println(k.PurgeWhileDeleting().Message)
	}
	// Output:
	// Key is currently being deleted.
	// Secret is currently being deleted.
	// Certificate is currently being deleted.
	// Storage is currently being deleted.
}

package azuretest

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy/identity"
)

// Err returns the error that the service meant by an error of the SDK: an *errs.Error for an answer of a vault, an
// identity.Code for a token that was refused. errors.Is and errors.As work on it as on an error of the Go API, but for
// its cause: the decision behind a denial never crosses the wire, and is found in the events of vaulttest.Env.Requests. Any
// other error is returned as it is.
func Err(err error) error {
	if refused, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok && refused.RawResponse != nil {
		if code := authorityCode(refused.RawResponse); code != 0 {
			return code
		}
	}
	if answered, ok := errors.AsType[*azcore.ResponseError](err); ok && answered.RawResponse != nil {
		return vaultError(answered.RawResponse)
	}
	return err
}

func vaultError(r *http.Response) error {
	var body struct {
		Error struct {
			Code, Message string
			InnerError    struct{ Code string }
		}
	}
	if data, err := runtime.Payload(r); err == nil {
		_ = json.Unmarshal(data, &body) // what is not JSON has a status alone
	}
	return &errs.Error{
		Status: r.StatusCode, Code: errs.Code(body.Error.Code), Inner: errs.Code(body.Error.InnerError.Code), Message: body.Error.Message,
	}
}

func authorityCode(r *http.Response) identity.Code {
	var body struct {
		Codes []int `json:"error_codes"`
	}
	data, err := runtime.Payload(r)
	if err != nil || json.Unmarshal(data, &body) != nil || len(body.Codes) == 0 {
		return 0
	}
	return identity.Code(body.Codes[0])
}

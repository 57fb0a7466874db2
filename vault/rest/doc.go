// Package rest is the REST protocol of a vault service: what clients of Azure Key Vault and Managed HSM speak, answered by
// the containers of a process.
//
// # The model
//
// A [Handler] stands before a [vault.Service]. The host of a request says whom it is for: contoso.vault.azure.net is the
// vault contoso and fortress.managedhsm.azure.net the Managed HSM fortress, here and below the other [Domains] of the
// service; login.microsoftonline.com is the authority that issues tokens for the service's tenant, and 169.254.169.254 the
// metadata service of the machine that the program pretends to run on. If the service has an [identity.Attestor], the host
// of its address is the authority that attests environments. Everything else about a request is decided by the container:
// this package finds the operation by method and path, hands the request over, and writes the answer down with the headers
// that the product sends.
//
// There are two ways to it. As an [http.Handler] it is mounted in a server, best in one made by [NewServer] and on a listener
// made by [Limit], which bound what clients can occupy. As a [Transport] it needs no server, socket or certificate: a client
// that is given it as its http.RoundTripper, or as the transporter of an SDK, talks to the vaults of the process and nobody
// else.
//
//	h := rest.New(svc, nil)
//	client := &http.Client{Transport: h.Transport()}
//	resp, err := client.Get("https://contoso.vault.azure.net/secrets/db?api-version=7.4")
//
// # The way of a request
//
// It comes in by ServeHTTP in handler.go or by RoundTrip in transport.go, which differ in who the caller is and where it comes
// from. Both call Handler.answer, where hosts.go says whom the host is for. A request to an authority is answered at once, by
// authority.go with token.go or machine.go, or by attest.go. One to a container is described to it in reply.go; route.go,
// with what tunnel.go understands, finds the [vault.Endpoint] of its method and path, and Endpoint.Serve does the rest in
// package vault. Last, habits.go adds the headers of the product.
//
// # Fidelity
//
// A request without a token gets the challenge of the service before anything else is looked at, so SDKs find out by
// themselves where to get a token, and from this handler they get one. Error bodies are those of the service to the byte.
// Paths may have doubled and trailing slashes, as SDKs write them. Where old documents of the service show a form of
// request that today's service does not take, it is accepted and marked in the audit, unless [Options].Strict is set.
//
// There are no entity tags and no conditional requests: such headers are ignored, as the service does.
package rest

// Package frontdoor lets clients that know nothing of embedvault reach it over the network, under the hosts they believe in.
//
// # The model
//
// A [Front] listens on two ports. The one speaks TLS: whoever connects to it by a host of the service, such as
// contoso.vault.azure.net, is shown a certificate for that host and is answered by one http.Handler. The other is an HTTP
// proxy: it takes CONNECT requests, brings those for hosts of the service to the same handler without a second socket, and
// refuses all others or, on request, tunnels them to where they belong. A client that is told of the proxy by HTTPS_PROXY
// uses its own URLs, without a port, and no name needs to resolve.
//
// The certificates are signed by an authority that is made with the front. Its key never leaves the memory, and the
// authority is constrained to the hosts of the service: a client that trusts it trusts nobody else more than before.
// [Access] lists the environment variables by which programs in any language find the proxy and the authority, and
// [Bundle] is the file they need, with the roots that the system trusts beside ours.
//
// # Exposure
//
// Whoever reaches the proxy is a client. Where those are other machines, [OutsideExposed] keeps them from passing for this
// one: it tunnels to no address of this machine or its link. No front tunnels to its own ports.
//
// # Bounds
//
// All connections of clients together are bounded, over both ports and with those that are tunnels, and so is the time that
// each may take. The first that finds no room waits at its port, and those behind it in the system's queue, until a
// connection ends or one that is silent has had its time: before its first byte, between two requests, or in a tunnel
// through which nothing moves. Then that one is closed. So neither garbage nor a thousand idle clients or tunnels keep
// anybody out; as many tunnels that are used as there are places do.
package frontdoor

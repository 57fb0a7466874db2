package policy

import (
	"slices"
	"strings"
)

// PrincipalInfo says who a caller is: the claims of a verified token, or what a program vouches for. Only ObjectID and
// Groups are ever matched by a grant on their own.
type PrincipalInfo struct {
	// TenantID is the directory the principal lives in. Empty means the directory of the vault it calls.
	TenantID string
	// ObjectID names the principal itself: a user, a service principal or a managed identity.
	ObjectID string
	// AppID is the application (client id) through which the principal calls. An access policy entry may demand one.
	AppID string
	// DisplayName is for people to read. It is never matched, as display names are not unique.
	DisplayName string
	// ResourceID is the Azure resource a managed identity belongs to (the claim xms_mirid).
	ResourceID string
	// Groups are the object ids of the groups the principal is a member of, directly or not.
	Groups []string
	// OtherIDs are ids that name somebody or something else, but that are easily written where ObjectID is meant. They
	// grant nothing; a refusal looks for them to explain itself. AppID is always looked for.
	OtherIDs []OtherID
}

// OtherID is an id that may be mistaken for a principal's object id.
type OtherID struct {
	// ID is the id itself.
	ID string
	// Of says what it names, to complete the sentence "… is", such as "another principal named 'build'".
	Of string
}

// Principal is a caller as the policies see it. It never changes, so one may be shared by any number of goroutines.
// It holds no credentials and is safe to print.
type Principal struct {
	info     PrincipalInfo
	tenant   ID
	id       ID
	app      ID
	subjects []subject // every id a grant may name to mean this principal: its own, then its groups; none is zero
}

// subject is an id with its place in an idTable.
type subject struct {
	id   ID
	hash uint64
}

// NewPrincipal returns the principal that info describes.
func NewPrincipal(info PrincipalInfo) *Principal {
	info.Groups = slices.Clone(info.Groups)
	info.OtherIDs = slices.Clone(info.OtherIDs)
	p := &Principal{
		info:     info,
		tenant:   ParseID(info.TenantID),
		id:       ParseID(info.ObjectID),
		app:      ParseID(info.AppID),
		subjects: make([]subject, 0, 1+len(info.Groups)),
	}
	p.addSubject(p.id)
	for _, group := range info.Groups {
		p.addSubject(ParseID(group))
	}
	return p
}

func (p *Principal) addSubject(id ID) {
	if !id.IsZero() {
		p.subjects = append(p.subjects, subject{id, id.hash()})
	}
}

// ID returns the principal's own id, compiled from its object id.
func (p *Principal) ID() ID { return p.id }

// TenantID returns the directory of the principal as it was given, "" if none was.
func (p *Principal) TenantID() string { return p.info.TenantID }

// ObjectID returns the principal's object id as it was given.
func (p *Principal) ObjectID() string { return p.info.ObjectID }

// AppID returns the application through which the principal calls as it was given, "" if none was.
func (p *Principal) AppID() string { return p.info.AppID }

// DisplayName returns the name for people, "" if none was given.
func (p *Principal) DisplayName() string { return p.info.DisplayName }

// ResourceID returns the Azure resource of a managed identity, "" for any other principal.
func (p *Principal) ResourceID() string { return p.info.ResourceID }

// Groups returns the object ids of the principal's groups in a slice of the caller's own.
func (p *Principal) Groups() []string { return slices.Clone(p.info.Groups) }

// String describes the principal in the form the service uses in its refusals: appid=…;oid=…, with the display name
// before and the tenant after where they are known.
func (p *Principal) String() string {
	if p == nil {
		return "nobody"
	}
	var parts []string
	for _, part := range [...][2]string{
		{"name=", p.info.DisplayName}, {"appid=", p.info.AppID}, {"oid=", p.info.ObjectID}, {"tenant=", p.info.TenantID},
	} {
		if part[1] != "" {
			parts = append(parts, part[0]+part[1])
		}
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, ";")
}

// is reports whether an id in a grant means this principal.
func (p *Principal) is(id ID) bool {
	return slices.ContainsFunc(p.subjects, func(s subject) bool { return s.id == id })
}

// subjectText returns how the principal's own information spells one of its subjects.
func (p *Principal) subjectText(id ID) string {
	if id == p.id {
		return "object id " + p.info.ObjectID
	}
	for _, group := range p.info.Groups {
		if ParseID(group) == id {
			return "group " + group
		}
	}
	return id.String()
}

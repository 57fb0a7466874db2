package identity

// AzureCLI is the client id of the Azure command line, the public application a
// user's tokens name unless [User.Through] names another.
const AzureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// User is a person's account.
type User struct {
	object
	upn string
}

// NewUser adds a user. It fails with [ErrName], [ErrID], [ErrTaken] or [ErrFull].
func (t *Tenant) NewUser(name string, o *ObjectOptions) (*User, error) {
	o = o.orZero()
	u := &User{upn: o.UPN}
	ids := []string{t.idOr(o.ObjectID)}
	if u.upn != "" {
		ids = append(ids, u.upn)
	}
	if err := t.add(u, name, ids...); err != nil {
		return nil, err
	}
	return u, nil
}

// UPN is the user principal name, or empty.
func (u *User) UPN() string { return u.upn }

// Disable stops the user from getting tokens, with [UserDisabled], until Enable.
func (u *User) Disable() { u.setDisabled(true) }

// Enable undoes Disable.
func (u *User) Enable() { u.setDisabled(false) }

// FailWith makes every request for a token of this user fail with c until it is
// called again; 0 ends it.
func (u *User) FailWith(c Code) { u.setFail(c) }

// Through is the user acting through an application: tokens carry the user's oid
// and the application's appid, which a compound access policy entry asks for. Both
// must be in the directory and enabled when the token is issued.
func (u *User) Through(a *Application) Identity { return delegate{u, a} }

type delegate struct {
	*User
	app *Application
}

package ldap

import (
	"context"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// State reads the account afresh, wherever in the tree it is. Absent is what the id
// does not find although other accounts are to be seen. An account that carries a
// lock which the directory does not heed is Active.
func (c *Connector) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	const op = "read account"
	s := c.client.Session()
	defer s.Close()
	e, err := c.fetch(ctx, s, op, ref.ID)
	if access.CodeOf(err) == access.NotFound {
		return access.AccountState{Ref: ref, Status: access.Absent, ObservedAt: time.Now().UTC()}, nil
	}
	if err != nil {
		return access.AccountState{}, err
	}
	j := judge{connector: c, session: s, op: op}
	status, word, err := j.status(ctx, e)
	if err != nil {
		return access.AccountState{}, err
	}
	state := access.AccountState{Ref: ref, Status: status, Word: word, ObservedAt: time.Now().UTC(), Attributes: map[string]string{"dn": e.DN}}
	if value := e.GetEqualFoldAttributeValue(c.mark.attribute); value != "" {
		state.Attributes[c.mark.attribute] = value
	}
	return state, nil
}

// Accounts lists the accounts in base_dn, page by page. A cursor holds a connection
// open, for two minutes at most. A directory in which nobody is to be seen is Denied.
func (c *Connector) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	const op = "list accounts"
	var none connectors.Page[access.Account]
	entries, next, err := c.client.Page(ctx, directory.Operation{Op: op}, directory.Query{Base: c.config.BaseDN,
		Filter: c.people(), Attributes: c.shown()}, cursor)
	switch {
	case access.CodeOf(err) == access.NotFound:
		return none, c.unseen(op, "base_dn")
	case err != nil:
		return none, c.failed(op, err, readAccounts)
	case len(entries) == 0 && cursor == "" && next == "":
		return none, c.refuse(access.Denied, op, "no account is to be seen in base_dn: our account may not "+readAccounts)
	}
	s := c.client.Session()
	defer s.Close()
	j := judge{connector: c, session: s, op: op}
	page := connectors.Page[access.Account]{Next: next}
	for _, e := range entries {
		account, err := j.account(ctx, e)
		if err != nil {
			return none, err
		}
		page.Items = append(page.Items, account)
	}
	return page, nil
}

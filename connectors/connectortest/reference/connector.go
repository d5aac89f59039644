package reference

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/transport"
)

// Connector reaches a [Directory].
type Connector struct {
	System string
	URL    string
	Token  string
	Client *http.Client
	About  connectors.Info // what Info returns
}

// New makes a connector for the directory at the address.
func New(system, address, token string) *Connector {
	return &Connector{System: system, URL: address, Token: token,
		Client: transport.New(transport.Options{System: system}).Client(),
		About: connectors.Info{
			Kind:     "reference",
			Keys:     []access.Correlator{access.ByUserName, access.ByEmail, access.ByEmployeeNumber},
			Rights:   []access.RightKind{access.Grant, access.Seat},
			Settle:   10 * time.Millisecond,
			Restores: []string{"user_name"},
			Permissions: map[connectors.Capability][]string{
				connectors.CanFind:        {MayRead},
				connectors.CanLock:        {MayLock},
				connectors.CanEndSessions: {MayEnd},
				connectors.CanRevoke:      {MaySee, MayRevoke},
				connectors.CanList:        {MayRead},
			},
		}}
}

// Info implements connectors.Connector.
func (c *Connector) Info() connectors.Info { return c.About }

// Check implements connectors.Connector.
func (c *Connector) Check(ctx context.Context) error {
	_, err := c.Accounts(ctx, "")
	if access.CodeOf(err) == access.Denied {
		e := *access.AsError(err, "check")
		e.Hint = "the credential lacks the permission " + MayRead
		return &e
	}
	return err
}

// Find implements connectors.Connector.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	identifiers := subject.Identifiers(c.System)
	if len(identifiers) == 0 {
		return nil, &access.Error{Code: access.Invalid, Op: "find accounts", Hint: "the subject has no key by which to look"}
	}
	found := []access.Account{}
	for _, id := range identifiers {
		account, err := c.findOne(ctx, id)
		if err != nil {
			return nil, err
		}
		if account != nil && !holds(found, account.Ref) {
			found = append(found, *account)
		}
	}
	return found, nil
}

// findOne finds the one account with exactly this key. It is nil for none.
func (c *Connector) findOne(ctx context.Context, id access.Identifier) (*access.Account, error) {
	if id.By == access.ByID {
		p, err := c.Person(ctx, id.Value)
		if p == nil || err != nil {
			return nil, err
		}
		return c.account(*p, id.By), nil
	}
	var one *access.Account
	rows, err := c.Search(ctx, id)
	for _, p := range rows {
		key := map[access.Correlator]string{access.ByUserName: p.UserName, access.ByEmail: p.Email, access.ByEmployeeNumber: p.Number}[id.By]
		if !strings.EqualFold(key, id.Value) {
			continue // the directory answers with everything that begins alike
		}
		if one != nil {
			return nil, &access.Error{Code: access.Ambiguous, Op: "find accounts", Hint: "more than one account has the same " + string(id.By)}
		}
		one = c.account(p, id.By)
	}
	return one, err
}

// Search returns every row that the directory has for a key, unfiltered.
func (c *Connector) Search(ctx context.Context, id access.Identifier) ([]Person, error) {
	return connectors.Collect(ctx, func(ctx context.Context, cursor string) (connectors.Page[Person], error) {
		var p page[Person]
		query := url.Values{"by": {string(id.By)}, "value": {id.Value}, "cursor": {cursor}}
		err := c.Do(ctx, http.MethodGet, "/people?"+query.Encode(), &p)
		return connectors.Page[Person]{Items: p.Items, Next: p.Next}, err
	})
}

// Person reads one person. It is nil for nobody.
func (c *Connector) Person(ctx context.Context, id string) (*Person, error) {
	path, err := c.Path(id, "")
	if err != nil {
		return nil, err
	}
	var p Person
	if err := c.Do(ctx, http.MethodGet, path, &p); err != nil {
		if access.CodeOf(err) == access.NotFound {
			return nil, nil
		}
		return nil, err
	}
	return &p, nil
}

// State implements connectors.Connector.
func (c *Connector) State(ctx context.Context, ref access.AccountRef) (access.AccountState, error) {
	p, err := c.Person(ctx, ref.ID)
	switch {
	case err != nil:
		return access.AccountState{}, err
	case p == nil:
		return access.AccountState{Ref: ref, Status: access.Absent}, nil
	}
	return access.AccountState{Ref: ref, Status: c.account(*p, "").Status, Attributes: map[string]string{"user_name": p.UserName}}, nil
}

// Accounts implements connectors.Lister.
func (c *Connector) Accounts(ctx context.Context, cursor string) (connectors.Page[access.Account], error) {
	var p page[Person]
	err := c.Do(ctx, http.MethodGet, "/people?"+url.Values{"cursor": {cursor}}.Encode(), &p)
	accounts := connectors.Page[access.Account]{Next: p.Next}
	for _, person := range p.Items {
		accounts.Items = append(accounts.Items, *c.account(person, ""))
	}
	return accounts, err
}

func (c *Connector) account(p Person, by access.Correlator) *access.Account {
	account := &access.Account{Ref: access.AccountRef{System: c.System, ID: p.ID}, Name: p.UserName, MatchedBy: by, Status: access.Locked}
	if p.Active {
		account.Status = access.Active
	}
	return account
}

var idPattern = regexp.MustCompile(`^p-[0-9a-f]{1,8}$`)

// Path is the address of a person. An id of another shape is Invalid.
func (c *Connector) Path(id, rest string) (string, error) {
	if !idPattern.MatchString(id) {
		return "", &access.Error{Code: access.Invalid, Op: "check id", Hint: "this is no id of the directory"}
	}
	return "/people/" + id + rest, nil
}

// Do sends a request and decodes the answer into out, unless that is nil.
func (c *Connector) Do(ctx context.Context, method, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, nil)
	if err != nil {
		return access.AsError(err, "make request")
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := c.Client.Do(req)
	if err != nil {
		return access.AsError(err, "send request")
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return &access.Error{Code: access.Unavailable, Op: "read answer", Hint: "the answer has another shape", Cause: err}
	}
	return nil
}

func holds(accounts []access.Account, ref access.AccountRef) bool {
	for _, a := range accounts {
		if a.Ref == ref {
			return true
		}
	}
	return false
}

package entraid

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
)

// maxClauses is how many alternatives go into one filter; Graph takes 15.
// https://learn.microsoft.com/graph/filter-query-parameter
const maxClauses = 15

// Find looks for the subject by id, userPrincipalName, employeeId, and every e-mail
// address of an account, aliases too, in one request where that suffices. What
// [findings] make of the answers is returned even when a part of them is missing.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	const op = "find"
	identifiers := subject.Identifiers(c.system)
	if len(identifiers) == 0 {
		return nil, &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the subject has no key to look for"}
	}
	var refused, trouble error
	identifiers = slices.DeleteFunc(identifiers, func(i access.Identifier) bool {
		if i.By != access.ByID {
			return false
		}
		_, err := c.id(op, i.Value)
		refused = cmp.Or(refused, err)
		return err != nil
	})
	var known findings
	for _, some := range portions(identifiers) {
		rows, err := c.rows(ctx, filter(some))
		if err != nil {
			trouble = cmp.Or(trouble, c.failed(op, err, "User.Read.All"))
			continue
		}
		known.asked = append(known.asked, some...)
		known.add(rows)
	}
	accounts, doubt := known.judge(c, op)
	return accounts, cmp.Or(trouble, doubt, refused)
}

// portions divides the keys so that each portion fits into one filter. What stands
// in for one key is asked for at once: half of it would not tell who shares the key.
func portions(identifiers []access.Identifier) [][]access.Identifier {
	var all [][]access.Identifier
	for _, identifier := range identifiers {
		last := len(all) - 1
		if last < 0 || len(clauses(append(slices.Clone(all[last]), identifier))) > maxClauses {
			all = append(all, nil)
			last++
		}
		all[last] = append(all[last], identifier)
	}
	return all
}

func filter(identifiers []access.Identifier) string {
	return strings.Join(clauses(identifiers), " or ")
}

// clauses are the alternatives that ask for the keys, each once.
func clauses(identifiers []access.Identifier) []string {
	var all []string
	for _, identifier := range identifiers {
		for _, m := range members(identifier.By) {
			if clause := m.clause(identifier.Value); !slices.Contains(all, clause) {
				all = append(all, clause)
			}
		}
	}
	return all
}

// equals is the clause of a filter, with the value's quotes escaped.
func equals(member, value string) string {
	return member + " eq '" + strings.ReplaceAll(value, "'", "''") + "'"
}

// rows lists the users that Graph returns for a filter.
func (c *Connector) rows(ctx context.Context, filter string) ([]models.Userable, error) {
	return connectors.Collect(ctx, func(ctx context.Context, cursor string) (connectors.Page[models.Userable], error) {
		var page connectors.Page[models.Userable]
		builder := c.users()
		if cursor != "" {
			builder = builder.WithUrl(cursor)
		}
		answer, err := builder.Get(ctx, &users.UsersRequestBuilderGetRequestConfiguration{Headers: urgent(),
			QueryParameters: &users.UsersRequestBuilderGetQueryParameters{Filter: &filter,
				Select: lookedUp()}})
		if err != nil {
			return page, err
		}
		if answer == nil || answer.GetValue() == nil {
			return page, unreadable()
		}
		page.Items = answer.GetValue()
		page.Next, err = c.next(answer.GetOdataNextLink())
		return page, err
	})
}

func (c *Connector) account(row models.Userable, by access.Correlator) access.Account {
	account := access.Account{
		Ref:       access.AccountRef{System: c.system, ID: strings.ToLower(read(row.GetId()))},
		Name:      read(row.GetUserPrincipalName()),
		MatchedBy: by,
		Status:    access.Active,
	}
	if enabled := row.GetAccountEnabled(); enabled != nil && !*enabled {
		account.Status = access.Locked
	}
	return account
}

// next checks the link to the next page, which says where our token goes next.
func (c *Connector) next(link *string) (string, error) {
	if read(link) == "" {
		return "", nil
	}
	if !strings.HasPrefix(*link, c.endpoints.graph.String()+version+"/") {
		return "", &access.Error{Code: access.Unavailable, Hint: "the listing goes on at another host"}
	}
	return *link, nil
}

// unreadable is the error for a success that does not hold what was asked for.
func unreadable() error {
	return &access.Error{Code: access.Unavailable, Hint: "the answer does not hold what was asked for"}
}

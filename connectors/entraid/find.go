package entraid

import (
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

// Find looks for the subject by id, userPrincipalName, mail and employeeId, in one
// request where that suffices. A person may have several accounts, but each key
// names at most one: two for a key are Ambiguous.
func (c *Connector) Find(ctx context.Context, subject access.Subject) ([]access.Account, error) {
	const op = "find"
	identifiers := subject.Identifiers(c.system)
	if len(identifiers) == 0 {
		return nil, &access.Error{Code: access.Invalid, System: c.system, Op: op, Hint: "the subject has no key to look for"}
	}
	var clauses []string
	for _, identifier := range identifiers {
		if identifier.By == access.ByID {
			if _, err := c.id(op, identifier.Value); err != nil {
				return nil, err
			}
		}
		for _, member := range members(identifier.By) {
			if clause := equals(member, identifier.Value); !slices.Contains(clauses, clause) {
				clauses = append(clauses, clause)
			}
		}
	}
	var rows []models.Userable
	for some := range slices.Chunk(clauses, maxClauses) {
		more, err := c.rows(ctx, strings.Join(some, " or "))
		if err != nil {
			return nil, c.failed(op, err, "User.Read.All")
		}
		rows = append(rows, more...)
	}
	var found []access.Account
	for _, identifier := range identifiers {
		var ids []string
		for _, row := range rows {
			id := strings.ToLower(read(row.GetId()))
			if !matches(row, identifier) || slices.Contains(ids, id) {
				continue
			}
			if !isGUID(id) {
				return nil, &access.Error{Code: access.Unavailable, System: c.system, Op: op, Hint: "a user is shown without an id"}
			}
			ids = append(ids, id)
			if !slices.ContainsFunc(found, func(a access.Account) bool { return a.Ref.ID == id }) {
				found = append(found, c.account(row, identifier.By))
			}
		}
		if len(ids) > 1 {
			return nil, &access.Error{Code: access.Ambiguous, System: c.system, Op: op,
				Hint: "more than one account has the same " + string(identifier.By)}
		}
	}
	return found, nil
}

// members are the members of a user in which a key may stand. An account without a
// mailbox has no mail, and is then known by an e-mail address all the same, when
// that is its userPrincipalName.
func members(by access.Correlator) []string {
	switch by {
	case access.ByID:
		return []string{"id"}
	case access.ByUserName:
		return []string{"userPrincipalName"}
	case access.ByEmail:
		return []string{"mail", "userPrincipalName"}
	default:
		return []string{"employeeId"}
	}
}

// matches compares a row with the key. Graph compares these members without regard
// to case.
func matches(row models.Userable, identifier access.Identifier) bool {
	held := map[string]*string{"id": row.GetId(), "userPrincipalName": row.GetUserPrincipalName(),
		"mail": row.GetMail(), "employeeId": row.GetEmployeeId()}
	return slices.ContainsFunc(members(identifier.By), func(member string) bool {
		return held[member] != nil && strings.EqualFold(*held[member], identifier.Value)
	})
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
				Select: []string{"id", "userPrincipalName", "mail", "employeeId", "accountEnabled"}}})
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

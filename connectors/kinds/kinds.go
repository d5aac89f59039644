// Package kinds lists the kinds of systems that there is a connector for. It links
// every provider's SDK, so only programs import it.
package kinds

import (
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/activedirectory"
	"github.com/killsignal/killsignal/connectors/entraid"
	"github.com/killsignal/killsignal/connectors/ldap"
	"github.com/killsignal/killsignal/connectors/okta"
	"github.com/killsignal/killsignal/connectors/scim"
	"github.com/killsignal/killsignal/connectors/sql"
)

// New makes the connector of one system. It has its configuration struct filled by
// decode, which is strict, and does no I/O but for reading secrets.
type New = func(system string, decode func(into any) error) (connectors.Connector, error)

// All returns every kind, by the name that configurations use.
func All() map[string]New {
	return map[string]New{
		"activedirectory": kind(activedirectory.New),
		"entraid":         kind(entraid.New),
		"ldap":            kind(ldap.New),
		"okta":            kind(okta.New),
		"scim":            kind(scim.New),
		"sql":             kind(sql.New),
	}
}

// kind makes a New of a connector's constructor, C being its configuration.
func kind[C any, T connectors.Connector](construct func(system string, c C) (T, error)) New {
	return func(system string, decode func(any) error) (connectors.Connector, error) {
		var c C
		if err := decode(&c); err != nil {
			return nil, err
		}
		connector, err := construct(system, c)
		if err != nil {
			return nil, err // not the connector: a typed nil would not be nil
		}
		return connector, nil
	}
}

package house

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors"
)

// Kinds are the connectors that there are, by the name of their kind. Programs
// pass kinds.All().
type Kinds = map[string]func(system string, decode func(into any) error) (connectors.Connector, error)

// Systems makes every configured system. What is wrong with any of them is in one
// error, each with its line; the systems that are well are returned all the same.
func Systems(cfg *config.Config, kinds Kinds, ledger connectors.Ledger) ([]*connectors.System, error) {
	var systems []*connectors.System
	var faults []error
	for _, s := range cfg.Systems {
		system, err := NewSystem(s, kinds, ledger)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		systems = append(systems, system)
	}
	return systems, errors.Join(faults...)
}

// NewSystem makes one system.
func NewSystem(s config.System, kinds Kinds, ledger connectors.Ledger) (*connectors.System, error) {
	connector, err := connect(s, kinds)
	if err != nil {
		return nil, err
	}
	return connectors.NewSystem(connectors.Options{Name: s.Name, Connector: connector, Ledger: ledger, Protected: s.Protected,
		Limit: s.Limits, Witness: s.Witness.Subject(), Stages: s.Stages}), nil
}

// connect makes the connector of one system.
func connect(s config.System, kinds Kinds) (connectors.Connector, error) {
	construct, ok := kinds[s.Kind]
	if !ok {
		return nil, s.Problem(fmt.Sprintf("there is no kind of system named %q", s.Kind),
			"the kinds are "+strings.Join(slices.Sorted(maps.Keys(kinds)), ", "), nil)
	}
	connector, err := construct(s.Name, func(into any) error {
		if err := s.Decode(into); err != nil {
			return err
		}
		return secrets(s, reflect.ValueOf(into))
	})
	if _, located := errors.AsType[*config.Problem](err); err == nil || located {
		return connector, err
	}
	return nil, s.Problem("system "+s.Name+" cannot be set up", access.AsError(err, "").Hint, err)
}

// secrets reads every secret once: one that is missing is a fault of the
// configuration, and is found before a leaver is waiting.
func secrets(s config.System, value reflect.Value) error {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			return secrets(s, value.Elem())
		}
	case reflect.Struct:
		if secret, ok := value.Interface().(connectors.Secret); ok {
			if secret.IsZero() {
				return nil
			}
			if _, err := secret.Value(); err != nil {
				return s.Problem("a secret of system "+s.Name+" is missing", access.AsError(err, "").Hint, err)
			}
			return nil
		}
		var faults []error
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				faults = append(faults, secrets(s, value.Field(i)))
			}
		}
		return errors.Join(faults...)
	}
	return nil
}

// NoEvidence is the ledger of somebody who only looks: it holds nothing and takes
// nothing.
type NoEvidence struct{}

// Intend refuses.
func (NoEvidence) Intend(context.Context, access.Intent) (access.Intent, error) {
	return access.Intent{}, looking()
}

// Intents returns none.
func (NoEvidence) Intents(context.Context, string, string) ([]access.Intent, error) { return nil, nil }

// Record refuses.
func (NoEvidence) Record(context.Context, access.Receipt) error { return looking() }

func looking() error {
	return &access.Error{Code: access.Protected, Op: "store evidence", Hint: "this program only looks; it changes nothing"}
}

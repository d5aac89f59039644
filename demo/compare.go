package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/internal/simulator"
	"github.com/killsignal/killsignal/plan"
)

// seen is what the side door showed before the kill.
type seen struct {
	truth    map[string]map[string]string
	accounts map[string]string
}

func look(company *simulator.Company) seen {
	return seen{truth: company.Truth(), accounts: company.AccountsOf(simulator.Leaver)}
}

// deniedSystem is the application whose permissions are not enough: its lock is
// the one task that waits for a person.
func deniedSystem(company *simulator.Company) string {
	for _, trouble := range company.Troubles() {
		if trouble.Name == "denied" {
			return trouble.System
		}
	}
	return ""
}

// compare holds the end against what must be: every cell of the grid, what the
// side door shows of the leaver, and that it shows everybody else unchanged. Every
// difference is in the error.
func compare(company *simulator.Company, before seen, status plan.Status) error {
	var differences []error
	differ := func(format string, args ...any) { differences = append(differences, fmt.Errorf(format, args...)) }
	denied := deniedSystem(company)
	for _, system := range status.Grid.Systems {
		for _, stage := range access.Stages() {
			if got, want := status.Grid.At(stage, system), expected(before, system, denied, stage); got != want {
				differ("%s %s is %q and must be %q", system, stage, got, want)
			}
		}
	}
	if len(status.Grid.Systems) != len(before.truth) {
		differ("the grid has %d systems and the company %d", len(status.Grid.Systems), len(before.truth))
	}
	if len(status.Tasks) != 1 || status.Tasks[0].System != denied || status.Tasks[0].Code != access.Denied {
		differ("there must be one task, denied by %s", denied)
	}
	for _, left := range company.Access(simulator.Leaver) {
		// What is left must be what the report says is left: everything where we were
		// denied, and elsewhere only what nobody can recall.
		recallable := left.Kind != "session" && left.Until.IsZero()
		if left.System != denied && (recallable || left.System == simulator.OktaSystem && left.Kind == "session") {
			differ("the leaver still has %s", left)
		}
	}
	after := company.Truth()
	for _, system := range slices.Sorted(maps.Keys(before.truth)) {
		for account, was := range before.truth[system] {
			if account != before.accounts[system] && after[system][account] != was {
				differ("%s: an account that is not the leaver's was touched", system)
			}
		}
	}
	return errors.Join(differences...)
}

// expected is how a cell must end.
func expected(before seen, system, denied string, stage access.Stage) access.Disposition {
	_, has := before.accounts[system]
	switch {
	case (stage == access.Verify || stage == access.Reclaim) && system != simulator.EntraSystem:
		return "" // only Entra ID shows changes late and has paid seats
	case system == denied && stage == access.Lock:
		return access.Manual
	case system == denied:
		return access.Pending
	case !has:
		return access.Gone
	}
	return access.Verified
}

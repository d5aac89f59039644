package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/kinds"
	"github.com/killsignal/killsignal/internal/house"
)

// lookTime is how long one system may take to answer a dry run.
const lookTime = 10 * time.Second

// looked is what a dry run found in one system.
type looked struct {
	System   string           `json:"system"`
	Error    *access.Error    `json:"error,omitempty"` // the system cannot be used, or was not read
	Receipts []access.Receipt `json:"receipts,omitempty"`
}

// look reads all systems at once and changes nothing. A system that cannot be set
// up is in the result, with the reason. The order is that of the configuration.
func look(ctx context.Context, cfg *config.Config, subject access.Subject, stages []access.Stage) []looked {
	all := make([]looked, len(cfg.Systems))
	var wait sync.WaitGroup
	for i, configured := range cfg.Systems {
		all[i].System = configured.Name
		system, err := house.NewSystem(configured, kinds.All(), house.NoEvidence{})
		if err != nil {
			all[i].Error = access.AsError(err, "set up")
			continue
		}
		wait.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, lookTime)
			defer cancel()
			progress := system.Drive(ctx, connectors.Job{Case: "dry-run", Subject: subject, Stages: stages, DryRun: true})
			all[i].Receipts = progress.Receipts
			for _, receipt := range progress.Receipts {
				if receipt.Error != nil && all[i].Error == nil {
					all[i].Error = receipt.Error
				}
			}
		})
	}
	wait.Wait()
	return all
}

// confirm shows who is meant and what was found where, and has the person at the
// terminal type the key.
func (p *program) confirm(ctx context.Context, cfg *config.Config, subject access.Subject) error {
	p.say("%s", describe(subject))
	p.say("reading %d systems …", len(cfg.Systems))
	for _, found := range look(ctx, cfg, subject, []access.Stage{access.Lock}) {
		p.say("  %-24s %s", found.System, summary(found))
	}
	fmt.Fprintf(p.err, "\nthis ends the person's access everywhere, at once\ntype the subject's key to go on: ")
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.in).ReadString('\n')
		typed <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		p.say("")
		return refused("interrupted")
	case line := <-typed:
		if line != string(subject.Key) {
			return refused("that is not the key")
		}
		return nil
	}
}

func refused(why string) error {
	return &access.Error{Code: access.Protected, Op: why, Hint: "nothing was started"}
}

// describe says who somebody is.
func describe(s access.Subject) string {
	if s.Name == "" && len(s.Emails) == 0 {
		return fmt.Sprintf("%s, who is in no roster", s.Key)
	}
	text := fmt.Sprintf("%s  %s", s.Key, s.Name)
	if s.EmployeeNumber != "" {
		text += "  employee " + s.EmployeeNumber
	}
	if len(s.Emails) > 0 {
		text += "  " + strings.Join(s.Emails, " ")
	}
	if s.Manager != "" {
		text += fmt.Sprintf("  manager %s", s.Manager)
	}
	return text
}

// summary says in one line what was found in a system.
func summary(found looked) string {
	var accounts []string
	for _, receipt := range found.Receipts {
		if receipt.Account.ID != "" {
			accounts = append(accounts, account(receipt))
		}
	}
	switch {
	case len(accounts) > 0:
		return strings.Join(accounts, "; ")
	case found.Error != nil:
		return trouble(found.Error)
	default:
		return "no account"
	}
}

// account names an account, how it was found, and its state.
func account(receipt access.Receipt) string {
	text := receipt.Account.ID
	if receipt.Name != "" {
		text += " " + receipt.Name
	}
	if receipt.MatchedBy != "" {
		text += fmt.Sprintf(", by %s", receipt.MatchedBy)
	}
	if receipt.Before != nil {
		text += ", " + string(receipt.Before.Status)
		if receipt.Before.Word != "" {
			text += " (" + receipt.Before.Word + ")"
		}
	}
	if receipt.Error != nil {
		text += ", " + trouble(receipt.Error)
	}
	return text
}

func trouble(e *access.Error) string {
	text := string(e.Code)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

package main

import (
	"context"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"unicode"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/config"
	"github.com/killsignal/killsignal/roster"
)

// person finds the subject of a new request. Somebody who is in no roster is known
// by accounts alone.
func (p *program) person(ctx context.Context, cfg *config.Config, arguments, named []string) (access.Subject, error) {
	accounts, err := parseAccounts(cfg, named)
	if err != nil {
		return access.Subject{}, err
	}
	if len(arguments) == 0 {
		if len(accounts) == 0 {
			return access.Subject{}, usage{fmt.Errorf("nobody is named"), "name SUBJECT, or somebody who is in no roster by --account system=id"}
		}
		return access.Subject{Key: access.UnlistedKey(accounts), Accounts: accounts}, nil
	}
	people, err := roster.OpenCSV(cfg.Roster.File)
	if err != nil {
		return access.Subject{}, err
	}
	subject, err := people.Resolve(ctx, arguments[0])
	subject.Accounts = append(subject.Accounts, accounts...)
	return subject, err
}

// key finds the key of somebody who may have a case. What has the form of a key is
// one: people leave the roster before their cases leave the server.
func (p *program) key(ctx context.Context, cfg *config.Config, text string) (access.SubjectKey, error) {
	if key, err := access.ParseSubjectKey(text); err == nil {
		return key, nil
	}
	people, err := roster.OpenCSV(cfg.Roster.File)
	if err != nil {
		return "", err
	}
	subject, err := people.Resolve(ctx, text)
	return subject.Key, err
}

// parseAccounts reads --account system=id.
func parseAccounts(cfg *config.Config, named []string) ([]access.AccountRef, error) {
	var accounts []access.AccountRef
	for _, text := range named {
		system, id, ok := strings.Cut(text, "=")
		switch {
		case !ok || system == "" || id == "":
			return nil, usage{fmt.Errorf("--account is not of the form system=id"), "for example --account okta-prod=00u1a2b3c4d5e6f7g8h9"}
		case access.ContainsAddress(id):
			return nil, usage{fmt.Errorf("--account holds an e-mail address"), "name the provider's id of the account: histories carry no personal data"}
		case !slices.ContainsFunc(cfg.Systems, func(s config.System) bool { return s.Name == system }):
			return nil, usage{fmt.Errorf("--account names a system that is not configured"), "`starter systems` lists them"}
		}
		accounts = append(accounts, access.AccountRef{System: system, ID: id})
	}
	return accounts, nil
}

// impersonal refuses text with an e-mail address or a part of the person's name in
// it: it would stand in a workflow's history for as long as that is kept.
func impersonal(flag, text string, subject access.Subject) error {
	if access.ContainsAddress(text) {
		return usage{fmt.Errorf("--%s holds an e-mail address", flag), "name people by HR key: histories carry no personal data"}
	}
	personal := slices.Concat(words(subject.Name), subject.UserNames)
	for _, address := range slices.Concat(subject.Emails, subject.UserNames) {
		local, _, _ := strings.Cut(address, "@")
		personal = append(append(personal, local), words(local)...)
	}
	said := append(words(text), strings.Fields(text)...)
	for _, part := range personal {
		// Short parts, such as initials, are in every text.
		if len(part) > 2 && slices.ContainsFunc(said, func(word string) bool { return strings.EqualFold(word, part) }) {
			return usage{fmt.Errorf("--%s holds a part of the person's name or address", flag), "say \"the person\" or the HR key: histories carry no personal data"}
		}
	}
	return nil
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// speaker is who uses the command: --by, or else the user of the operating system.
func speaker(by string) (access.Actor, error) {
	if by == "" {
		by = "unknown"
		if u, err := user.Current(); err == nil && u.Username != "" {
			by = u.Username
		}
	}
	if access.ContainsAddress(by) {
		return access.Actor{}, usage{fmt.Errorf("--by holds an e-mail address"), "give a user name: histories carry no personal data"}
	}
	return access.Actor{Name: by, Authority: access.Claimed}, nil
}
